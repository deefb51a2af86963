import type { Environment } from "../live/environment.ts";
import type { LiveList } from "../live/live-list.ts";
import type { WatchQuery } from "../live/query.ts";

/** What streams of one client are shared by. */
export interface SharingOptions {
	readonly environment: Environment;
	readonly heartbeatIntervalMs: number;
	/** Where a page's calls go; undefined: outside of pages. */
	readonly serviceUrl: URL | undefined;
	/** The page has six connections for all its tabs. */
	readonly isCramped: boolean;
	/** Who calls: other callers' tabs share nothing. Undefined: lists are not shared. */
	readonly caller: string | undefined;
	/** Lists of the client, with what they show. */
	readonly lists: () => Iterable<readonly [WatchQuery, LiveList]>;
}
