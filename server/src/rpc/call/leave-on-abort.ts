import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { closeIterator } from "../../http/body-writer.ts";

/**
 * The interceptor next to the implementation: a call whose deadline has passed or
 * whose caller left is not begun, and one that goes on past that point is left
 * behind, whatever its implementation does. A stream's own cleanup is asked for
 * at that moment (`return`), not when the next message would be read.
 */
export const leaveOnAbort: Interceptor = (next) => async (request) => {
	const { signal } = request;
	const response = await untilAborted(signal, () => next(request));
	if (!response.stream) return response;
	return { ...response, message: leaveStream(response.message, signal) };
};

/** A stream that ends when `signal` aborts, whatever its source does. */
export function leaveStream<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
	return { [Symbol.asyncIterator]: () => leaving(source, signal) };
}

function leaving<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterator<T, undefined> {
	const iterator = source[Symbol.asyncIterator]();
	let abandon: ((reason: unknown) => void) | undefined;
	const onAbort = () => {
		// A generator within an await answers only after it; nobody waits for that.
		closeIterator(iterator);
		abandon?.(reasonOf(signal));
	};
	if (signal.aborted) onAbort();
	else signal.addEventListener("abort", onAbort, { once: true });
	const finish = async (): Promise<IteratorReturnResult<undefined>> => {
		signal.removeEventListener("abort", onAbort);
		return { done: true, value: undefined };
	};
	return {
		next() {
			if (signal.aborted) return Promise.reject(reasonOf(signal));
			// Not Promise.race: with a promise as old as the stream it keeps every message alive.
			return new Promise((resolve, reject) => {
				abandon = reject;
				iterator.next().then((result) => {
					if (result.done === true) finish().then(resolve, reject);
					else resolve(result);
				}, reject);
			});
		},
		return() {
			closeIterator(iterator);
			return finish();
		},
		throw(error) {
			closeIterator(iterator);
			return finish().then(() => Promise.reject(error));
		},
	};
}

function untilAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
	if (signal.aborted) return Promise.reject(reasonOf(signal));
	return new Promise((resolve, reject) => {
		const onAbort = () => reject(reasonOf(signal));
		signal.addEventListener("abort", onAbort, { once: true });
		(async () => run())()
			.then(resolve, reject)
			.finally(() => signal.removeEventListener("abort", onAbort));
	});
}

function reasonOf(signal: AbortSignal): ConnectError {
	return ConnectError.from(signal.reason, Code.Canceled);
}
