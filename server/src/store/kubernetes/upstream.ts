import type { Unstructured } from "./unstructured.ts";

/** One page to ask for. */
export interface ListRequest {
	/** At most so many objects. */
	readonly limit: number;
	/** From the page before; empty: the first page. */
	readonly continueToken: string;
	/** State at just this version; undefined: the newest state. */
	readonly exactVersion: bigint | undefined;
	readonly signal: AbortSignal;
}

/** One page of a list. */
export interface ListPage {
	readonly items: readonly Unstructured[];
	/** Version of the whole list. */
	readonly version: bigint;
	/** Empty: this was the last page. */
	readonly continueToken: string;
}

/** A watch to open. */
export interface WatchRequest {
	/** Changes after this version are asked for, and bookmarks. */
	readonly fromVersion: bigint;
	/** When the API server shall end it, in milliseconds; whole seconds. */
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
}

/** What the list and watch loop asks of an API server. Fails with UpstreamError. */
export interface Upstream {
	list(request: ListRequest): Promise<ListPage>;
	/** Resolves when the answer's head has come, with the bytes of its body. */
	watch(request: WatchRequest): Promise<AsyncIterable<Uint8Array>>;
}
