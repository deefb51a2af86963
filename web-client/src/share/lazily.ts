import type { Environment } from "../live/environment.ts";
import type { Feed, WrapFeed } from "../live/feed.ts";
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

/**
 * Shares streams by code that is loaded at their first use: only pages over cleartext, and those
 * that ask for it, need it. Where it cannot be loaded, streams are opened as they are.
 */
export function shareLazily(options: SharingOptions): WrapFeed {
	let sharing: Promise<WrapFeed | undefined> | undefined;
	const load = () => {
		sharing ??= import("./sharing.ts").then(
			({ createSharing }) => createSharing(options),
			() => (sharing = undefined),
		);
		return sharing;
	};
	return (open, query, state) => {
		let feed: Feed | undefined;
		return {
			async *open(token, signal) {
				feed ??= (await load())?.(open, query, state);
				yield* (feed?.open ?? open)(token, signal);
			},
			leave: () => feed?.leave(),
		};
	};
}
