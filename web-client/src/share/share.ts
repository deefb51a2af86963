import type { Environment } from "../live/environment.ts";
import type { OpenStream } from "../live/follow.ts";
import type { WatchState } from "../live/watch-state.ts";
import type { SharedStream } from "./shared-stream.ts";
import type { Tabs } from "./tabs.ts";

/** With whom a stream is shared. */
export interface ShareOptions {
	readonly tabs: Tabs;
	/** Equal in tabs that ask the same service the same, as the same caller. */
	readonly name: string;
	readonly environment: Environment;
}

/**
 * Shares a stream with the other tabs of the origin. The code for it is loaded at the first use,
 * since pages over TLS do without; where it cannot be loaded, the tab has a stream of its own.
 */
export function share(open: OpenStream, state: WatchState, options: ShareOptions): SharedStream {
	let shared: Promise<SharedStream> | undefined;
	return {
		async *open(token, signal) {
			shared ??= import("./shared-stream.ts").then(
				({ createSharedStream }) => createSharedStream(open, state, options),
				() => ({ open, leave() {} }),
			);
			yield* (await shared).open(token, signal);
		},
		leave: () => void shared?.then(({ leave }) => leave()),
	};
}
