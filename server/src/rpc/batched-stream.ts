import type { Caller } from "../caller.ts";
import { abortReasonOf } from "./call/cancellation.ts";

/**
 * Stream of messages that can also be taken in batches: iterating costs more for each message than
 * writing it does. An implementation returns one by its shape alone; who implements it need not
 * import this file.
 */
export interface BatchedStream<T> extends AsyncIterable<T> {
	/**
	 * Takes what is to be sent next: up to about `maxBytes` of binary form, at least one message if
	 * there is any; empty: nothing for now. Frozen where other streams are given the same batch: its
	 * bytes are made once.
	 * @throws what ended the stream, once everything before it is taken
	 */
	take(maxBytes: number): readonly T[];
	/** False: a `take` now would be empty. */
	readonly hasMore: boolean;
	/**
	 * True once everything is taken and the stream has ended well; `onReady` calls back at once then.
	 * Default: it only ends by failing.
	 */
	readonly isComplete?: boolean;
	/** Calls back once when `take` is worth calling again: at once where there is more already. */
	onReady(waiter: { ready(): void }): void;
	/**
	 * Frees the stream when its reader has left: who takes batches says so, and the caller's signal is
	 * not needed. Harmless when repeated.
	 * @param reason what `take` fails with from now on, as interceptors have it
	 */
	close(reason?: unknown): void;
}

/** Tests whether a stream can be taken in batches; an interceptor may have lost that. */
export function isBatched<T>(stream: AsyncIterable<T>): stream is BatchedStream<T> {
	return "take" in stream && "hasMore" in stream && "onReady" in stream && "close" in stream;
}

/** Hears what happens to a stream on its way out. */
export interface StreamHooks<T> {
	/** Hears the messages that go out next: a batch, or the one that was iterated to. */
	onBatch?(messages: readonly T[]): void;
	/** Hears that the stream has failed; what this returns is thrown in its place. May come repeatedly. */
	onError(error: unknown): unknown;
	/** Hears that the stream has ended of itself. May come repeatedly. */
	onEnd(): void;
	/** Hears that its reader left before that; undefined: without a reason. May come repeatedly. */
	onClose(reason: unknown): void;
}

/**
 * Wraps a stream for an interceptor. What can be taken in batches still can, and who does so closes
 * it: the caller's signal is not even asked for. An interceptor that wraps a stream in an async
 * generator instead gives every message as well, but one at a time: each costs several turns of the
 * microtask queue and a write of its own, and shares no bytes with other streams as a batch does.
 * @param caller whose signal ends the stream where it is iterated; released with the first batch
 */
export function wrapStream<T>(
	stream: AsyncIterable<T>,
	hooks: StreamHooks<NoInfer<T>>,
	caller: Caller,
): AsyncIterable<T> {
	if (isBatched(stream)) return new WrappedStream(stream, hooks, caller);
	hearAbort(hooks, caller);
	return { [Symbol.asyncIterator]: () => iterate(stream, hooks, caller) };
}

/** A class: thousands may be open. */
class WrappedStream<T> implements BatchedStream<T> {
	readonly #stream: BatchedStream<T>;
	readonly #hooks: StreamHooks<T>;
	/** Released with the first batch: it holds on to the whole call. */
	#caller: Caller | undefined;

	constructor(stream: BatchedStream<T>, hooks: StreamHooks<T>, caller: Caller) {
		this.#stream = stream;
		this.#hooks = hooks;
		this.#caller = caller;
	}

	take(maxBytes: number): readonly T[] {
		if (this.#caller !== undefined) this.#caller = undefined;
		let messages: readonly T[];
		try {
			messages = this.#stream.take(maxBytes);
		} catch (error) {
			throw this.#hooks.onError(error);
		}
		if (messages.length > 0) this.#hooks.onBatch?.(messages);
		else if (this.#stream.isComplete === true) this.#hooks.onEnd();
		return messages;
	}

	get isComplete(): boolean {
		return this.#stream.isComplete === true;
	}

	get hasMore(): boolean {
		return this.#stream.hasMore;
	}

	onReady(waiter: { ready(): void }): void {
		this.#stream.onReady(waiter);
	}

	close(reason?: unknown): void {
		this.#hooks.onClose(reason);
		this.#stream.close(reason);
	}

	[Symbol.asyncIterator](): AsyncIterator<T> {
		const caller = this.#caller;
		if (caller === undefined) throw new Error("a stream has one reader");
		hearAbort(this.#hooks, caller);
		return iterate(this.#stream, this.#hooks, caller);
	}
}

/** Reports the end of a stream that is stalled, too: nobody may ever ask it for more. */
function hearAbort<T>(hooks: StreamHooks<T>, { signal }: Caller): void {
	const onAbort = () => hooks.onClose(signal.reason);
	if (signal.aborted) onAbort();
	else signal.addEventListener("abort", onAbort, { once: true });
}

function iterate<T>(
	stream: AsyncIterable<T>,
	hooks: StreamHooks<T>,
	caller: Caller,
): AsyncIterator<T> {
	const iterator = stream[Symbol.asyncIterator]();
	return {
		async next() {
			let result: IteratorResult<T>;
			try {
				result = await iterator.next();
			} catch (error) {
				throw hooks.onError(abortReasonOf(error, caller));
			}
			if (result.done) hooks.onEnd();
			else hooks.onBatch?.([result.value]);
			return result;
		},
		async return() {
			hooks.onClose(caller.signal.reason);
			await iterator.return?.();
			return { done: true, value: undefined };
		},
	};
}
