import { type Held, hold } from "./held.ts";
import type { Upstream } from "./upstream.ts";

/** All objects at one version. */
export interface Listing {
	readonly version: bigint;
	readonly items: readonly Held[];
}

export interface ListingOptions {
	/** Objects per page, so that neither side holds all of them in one answer. Default 500. */
	readonly pageSize: number;
	/** State at just this version; undefined: the newest state. */
	readonly exactVersion?: bigint;
	readonly signal: AbortSignal;
}

/**
 * Reads all pages of one list. @throws UpstreamError; 410 where the list expired on the way,
 * then nothing of it can be used
 */
export async function readListing(upstream: Upstream, options: ListingOptions): Promise<Listing> {
	const { pageSize, exactVersion, signal } = options;
	const items: Held[] = [];
	let continueToken = "";
	for (;;) {
		const page = await upstream.list({
			limit: pageSize,
			continueToken,
			// A later page belongs to its list; the API server refuses a version beside the token.
			exactVersion: continueToken === "" ? exactVersion : undefined,
			signal,
		});
		for (const raw of page.items) items.push(hold(raw));
		continueToken = page.continueToken;
		if (continueToken === "") return { version: page.version, items };
	}
}
