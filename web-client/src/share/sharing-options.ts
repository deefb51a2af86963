import type { Environment } from "../live/environment.ts";
import type { LiveList } from "../live/live-list.ts";
import type { WatchQuery } from "../live/query.ts";

/** What streams of one client are shared by. */
export interface SharingOptions {
	readonly environment: Environment;
	readonly heartbeatIntervalMs: number;
	/** Where a page's calls go; undefined: outside of pages, and where a transport alone knows. */
	readonly pageUrl: URL | undefined;
	/** The page has six connections for all its tabs. */
	readonly isCramped: boolean;
	/** Whose lists, of which service, other tabs share. Undefined: lists are not shared. */
	readonly given: CallerOptions | undefined;
	/** Lists of the client, with what they show. */
	readonly lists: () => Iterable<readonly [WatchQuery, LiveList]>;
}

/** Options of the client that say, or hide, who calls which service. */
export interface CallerOptions {
	readonly identity?: string;
	readonly baseUrl?: string;
	readonly token?: unknown;
	readonly interceptors?: unknown;
	readonly fetch?: unknown;
	readonly transport?: unknown;
}
