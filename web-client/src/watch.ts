import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions, Client } from "@connectrpc/connect";
import type {
	WatchWukongRequestSchema,
	WukongEvent,
	WukongService,
} from "../gen/novasphere/v1/wukong_service_pb.js";

/** What to watch; empty: every VM that the caller may read. */
export type WatchQuery = MessageInitShape<typeof WatchWukongRequestSchema>;

/** How to watch. */
export interface WatchOptions {
	/** Ends the loop, without an error. */
	readonly signal?: AbortSignal;
	/** Additional headers of the request. Default: none. */
	readonly headers?: HeadersInit;
}

type WatchCall = Client<typeof WukongService>["watchWukong"];

/**
 * Opens one stream per loop and cancels it when its loop is left. Connect hides `return` of
 * a response's iterator, so a plain `for await` that breaks leaves the request open, and
 * after six of them a browser on HTTP/1.1 has no connection left for anything else.
 */
export function openWatch(
	call: WatchCall,
	query: WatchQuery,
	options: WatchOptions,
): AsyncIterable<WukongEvent> {
	return { [Symbol.asyncIterator]: () => iterate(call, query, options) };
}

function iterate(
	call: WatchCall,
	query: WatchQuery,
	options: WatchOptions,
): AsyncIterator<WukongEvent> {
	const left = new AbortController();
	const signal =
		options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
	const callOptions: CallOptions = {
		signal,
		// A watch has no deadline of its own: silence is told by missing heartbeats.
		timeoutMs: 0,
		...(options.headers === undefined ? {} : { headers: options.headers }),
	};
	let events: AsyncIterator<WukongEvent> | undefined;
	return {
		async next() {
			if (signal.aborted) return { done: true, value: undefined };
			try {
				events ??= call(query, callOptions)[Symbol.asyncIterator]();
				return await events.next();
			} catch (error) {
				// The caller wanted the end, so it is no failure.
				if (signal.aborted) return { done: true, value: undefined };
				throw error;
			}
		},
		async return() {
			left.abort();
			return { done: true, value: undefined };
		},
	};
}
