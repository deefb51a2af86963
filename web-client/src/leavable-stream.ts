import type { CallOptions } from "@connectrpc/connect";
import { onAbort } from "./on-abort.ts";

/**
 * Runs a generator so that leaving its loop ends it at once, also while it waits: `return` of a plain
 * generator waits for what the generator waits for.
 *
 * @param run ends, without an error, when its signal aborts, which an abort of `outer` does too
 */
export function leavable<T>(
	outer: readonly (AbortSignal | undefined)[],
	run: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncIterator<T> & { return(): Promise<IteratorResult<T>> } {
	const leaver = new AbortController();
	const { signal } = leaver;
	let hasEnded = false;
	// What has ended by itself is not aborted: Node's HTTP/2 would throw that, uncaught.
	const leave = () => {
		if (!hasEnded) leaver.abort();
	};
	async function* running(): AsyncGenerator<T, undefined, void> {
		const letGo = outer.map((caller) => onAbort(caller, leave));
		try {
			if (!signal.aborted) yield* run(signal);
			hasEnded = true;
		} catch (error) {
			hasEnded = true;
			// The caller wanted the end, so it is no failure.
			if (!signal.aborted) throw error;
		} finally {
			leave();
			for (const release of letGo) release();
		}
	}
	const told = running();
	return {
		next: () => told.next(),
		return() {
			leave();
			return told.return(undefined);
		},
	};
}

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
