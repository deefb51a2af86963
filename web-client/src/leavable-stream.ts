import type { CallOptions } from "@connectrpc/connect";

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
		[Symbol.asyncIterator]: () => iterate(call, request, options),
	});
}

function iterate<Request, Message>(
	call: OpenStream<Request, Message>,
	request: Request,
	options: CallOptions,
): AsyncIterator<Message> {
	const left = new AbortController();
	const outer = options.signal;
	const leave = () => left.abort(outer?.reason);
	if (outer?.aborted === true) leave();
	// Let go of at every end: the caller's signal may outlive thousands of streams.
	outer?.addEventListener("abort", leave);
	const letGo = () => outer?.removeEventListener("abort", leave);
	let messages: AsyncIterator<Message> | undefined;
	return {
		async next() {
			if (left.signal.aborted) return { done: true, value: undefined };
			try {
				const callOptions = { timeoutMs: 0, ...options, signal: left.signal };
				messages ??= call(request, callOptions)[Symbol.asyncIterator]();
				const result = await messages.next();
				if (result.done === true) letGo();
				return result;
			} catch (error) {
				letGo();
				// The caller wanted the end, so it is no failure.
				if (left.signal.aborted) return { done: true, value: undefined };
				throw error;
			}
		},
		async return() {
			letGo();
			left.abort();
			return { done: true, value: undefined };
		},
	};
}
