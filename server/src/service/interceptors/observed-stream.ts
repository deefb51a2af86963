import type { Caller } from "../../watch/caller.ts";
import { abortReasonOf } from "./abort-reason.ts";

/** What happens to a stream on its way out. */
export interface StreamHooks {
	/** The stream has failed; what this returns is thrown in its place. May come repeatedly. */
	failed(error: unknown): unknown;
	/** The stream has said all it had to say. */
	ended(): void;
	/** Its reader left before that; undefined: without saying why. May come repeatedly. */
	left(reason: unknown): void;
}

/** A stream that can also be taken in slices, as a watch can. */
interface BatchedStream<T> extends AsyncIterable<T> {
	take(maxBytes: number): readonly T[];
	readonly hasMore: boolean;
	onReady(waiter: { ready(): void }): void;
	close(reason?: unknown): void;
}

/**
 * The stream with hooks at its end. All interceptors share this one wrapping, because each one
 * costs on every message. What can be taken in slices still can; who does so closes it, and its
 * caller's signal is not even asked for.
 */
export function observedStream<T>(
	stream: AsyncIterable<T>,
	hooks: StreamHooks,
	caller: Caller,
): AsyncIterable<T> {
	if (isBatched(stream)) return new ObservedBatches(stream, hooks, caller);
	hearAbort(hooks, caller);
	return { [Symbol.asyncIterator]: () => iterate(stream, hooks, caller) };
}

/** A class: thousands may be open. */
class ObservedBatches<T> implements BatchedStream<T> {
	readonly #stream: BatchedStream<T>;
	readonly #hooks: StreamHooks;
	/** Forgotten with the first slice: it holds on to the whole call. */
	#caller: Caller | undefined;

	constructor(stream: BatchedStream<T>, hooks: StreamHooks, caller: Caller) {
		this.#stream = stream;
		this.#hooks = hooks;
		this.#caller = caller;
	}

	take(maxBytes: number): readonly T[] {
		if (this.#caller !== undefined) this.#caller = undefined;
		try {
			return this.#stream.take(maxBytes);
		} catch (error) {
			throw this.#hooks.failed(error);
		}
	}

	get hasMore(): boolean {
		return this.#stream.hasMore;
	}

	onReady(waiter: { ready(): void }): void {
		this.#stream.onReady(waiter);
	}

	close(reason?: unknown): void {
		this.#hooks.left(reason);
		this.#stream.close(reason);
	}

	[Symbol.asyncIterator](): AsyncIterator<T> {
		const caller = this.#caller;
		if (caller === undefined) throw new Error("a stream has one reader");
		hearAbort(this.#hooks, caller);
		return iterate(this.#stream, this.#hooks, caller);
	}
}

/** Tells the end of a stream that is stalled, too: nobody may ever ask it for more. */
function hearAbort(hooks: StreamHooks, { signal }: Caller): void {
	const onAbort = () => hooks.left(signal.reason);
	if (signal.aborted) onAbort();
	else signal.addEventListener("abort", onAbort, { once: true });
}

function iterate<T>(
	stream: AsyncIterable<T>,
	hooks: StreamHooks,
	caller: Caller,
): AsyncIterator<T> {
	const iterator = stream[Symbol.asyncIterator]();
	return {
		async next() {
			try {
				const result = await iterator.next();
				if (result.done) hooks.ended();
				return result;
			} catch (error) {
				throw hooks.failed(abortReasonOf(error, caller));
			}
		},
		async return() {
			hooks.left(caller.signal.reason);
			await iterator.return?.();
			return { done: true, value: undefined };
		},
	};
}

function isBatched<T>(stream: AsyncIterable<T>): stream is BatchedStream<T> {
	return "take" in stream && "hasMore" in stream && "onReady" in stream && "close" in stream;
}
