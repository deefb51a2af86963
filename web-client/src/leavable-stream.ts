import type { CallOptions } from "@connectrpc/connect";
import { leavable } from "./leavable.ts";

type OpenStream<Request, Message> = (
	request: Request,
	options?: CallOptions,
) => AsyncIterable<Message>;

/**
 * Wraps a call with a stream so that leaving its loop ends the stream on the server. Connect hides
 * `return` of a response's iterator, so a plain `for await` that breaks leaves the request open, and
 * after six of them a browser on HTTP/1.1 has no connection left for anything else.
 *
 * An abort of `signal` ends the loop without an error; any other end throws. The stream has no
 * deadline unless one is given: silence is told by missing heartbeats.
 */
export function createLeavableStream<Request, Message>(
	call: OpenStream<Request, Message>,
): OpenStream<Request, Message> {
	return (request, options = {}) => ({
		[Symbol.asyncIterator]: () =>
			leavable([options.signal], (signal) => call(request, { timeoutMs: 0, ...options, signal })),
	});
}
