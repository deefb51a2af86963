import type { OpenStream } from "../live/follow.ts";
import type { WatchQuery } from "../live/query.ts";
import type { WatchState } from "../live/watch-state.ts";
import type { SharedStream, ShareOptions } from "./shared-stream.ts";
import type { Tabs } from "./tabs.ts";
import type { NarrowOptions } from "./wider.ts";

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

/**
 * Keeps the streams of one client to the number that cleartext HTTP/1.1 has room for. What has no
 * room is fed from a list that shows more, if there is one.
 *
 * @param name equal for all that use the same connections
 */
export function createLimit(
	name: string,
	options: NarrowOptions & { readonly tabs: Tabs | undefined },
): (open: OpenStream, query: WatchQuery) => OpenStream {
	let limit: ReturnType<Sharing["createSlots"]> | undefined;
	return (open, query) =>
		lazily(open, ({ createSlots, findNarrowStream }) => {
			limit ??= createSlots(name, options.tabs);
			return limit(open, () => findNarrowStream(query, options));
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
