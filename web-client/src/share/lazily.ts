import type { Environment } from "../live/environment.ts";
import type { OpenStream } from "../live/follow.ts";
import type { LiveList } from "../live/live-list.ts";
import type { WatchQuery } from "../live/query.ts";
import type { WatchState } from "../live/watch-state.ts";
import type { SharedStream, ShareOptions } from "./shared-stream.ts";
import type { Tabs } from "./tabs.ts";

type Sharing = typeof import("./sharing.ts");

/**
 * Wraps what opens streams by code that is loaded at its first use: only pages over cleartext, and
 * those that ask for it, share streams. Where it cannot be loaded, streams are opened as they are.
 */
function lazily(open: OpenStream, wrap: (sharing: Sharing) => OpenStream): OpenStream {
	let wrapped: Promise<OpenStream> | undefined;
	return async function* openWrapped(token, signal) {
		wrapped ??= import("./sharing.ts").then(wrap, () => open);
		yield* (await wrapped)(token, signal);
	};
}

/** What a limit needs to know of the client that it limits. */
export interface LimitOptions {
	/** Equal for all that use the same connections. */
	readonly name: string;
	readonly tabs: Tabs | undefined;
	readonly environment: Environment;
	readonly heartbeatMs: number;
	/** Lists that somebody looks at, with what they show. */
	readonly lists: () => Iterable<readonly [WatchQuery, LiveList]>;
}

/**
 * Keeps the streams of one client to the number that cleartext HTTP/1.1 has room for. What has no
 * room is fed from a list that shows more, if there is one.
 */
export function createLimit(
	options: LimitOptions,
): (open: OpenStream, query: WatchQuery) => OpenStream {
	let limit: ReturnType<Sharing["createSlots"]> | undefined;
	return (open, query) =>
		lazily(open, ({ createSlots, createNarrowStream, isWider }) => {
			limit ??= createSlots(options.name, options.tabs);
			return limit(open, () => {
				for (const [wide, list] of options.lists()) {
					const isSame = isWider(query, wide);
					const isLive = list.getSnapshot().status === "live";
					if (isLive && !isSame && isWider(wide, query)) {
						return createNarrowStream(list, query, options);
					}
				}
				return undefined;
			});
		});
}

/** Shares a stream with the other tabs of the origin. */
export function shareLazily(
	open: OpenStream,
	state: WatchState,
	options: ShareOptions,
): SharedStream {
	let shared: SharedStream | undefined;
	return {
		open: lazily(open, ({ createSharedStream }) => {
			shared = createSharedStream(open, state, options);
			return shared.open;
		}),
		leave: () => shared?.leave(),
	};
}
