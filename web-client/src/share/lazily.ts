import type { Feed, WrapFeed } from "../live/feed.ts";
import { loadParts } from "../on-demand.ts";
import type { SharingOptions } from "./sharing-options.ts";

/**
 * Shares streams by code that is loaded at their first use: only pages over cleartext, and those
 * that ask for it, need it. Where it cannot be loaded, streams are opened as they are.
 */
export function shareLazily(options: SharingOptions): WrapFeed {
	let wrap: WrapFeed | undefined;
	const load = async () => {
		const parts = await loadParts().catch(() => undefined);
		wrap ??= parts?.createSharing(options);
		return wrap;
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
