/** A stream that can also be taken in batches: iteration costs more than a whole write for each message. */
export interface BatchedStream<T> extends AsyncIterable<T> {
	/**
	 * What there is to send next, up to about `maxBytes` of binary form, at least one message if
	 * there is any; empty: nothing for now. Frozen where other streams are given the same: its bytes
	 * are made once.
	 * @throws what ended the stream, once everything before it is taken
	 */
	take(maxBytes: number): readonly T[];
	/** False: a `take` now would be empty. */
	readonly hasMore: boolean;
	/** Tells it once when `take` is worth calling again: at once where there is more already. */
	onReady(waiter: { ready(): void }): void;
	/**
	 * The reader has left: who takes slices says so, and the caller's signal is not needed.
	 * @param reason what `take` fails with from now on, as interceptors have it
	 */
	close(reason?: unknown): void;
}

/** True where a stream can be taken in batches; interceptors may have wrapped that away. */
export function isBatched<T>(stream: AsyncIterable<T>): stream is BatchedStream<T> {
	return "take" in stream && "hasMore" in stream && "onReady" in stream && "close" in stream;
}
