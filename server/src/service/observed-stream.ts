/** What happens to a stream on its way out. */
export interface StreamHooks {
	/** The stream has failed; what this returns is thrown in its place. May come repeatedly. */
	failed(error: unknown): unknown;
	/** The stream has said all it had to say. */
	ended(): void;
	/** Its reader left before that. May come repeatedly. */
	left(): void;
}

/** A stream that can also be taken in slices, as a watch can. */
interface SlicedStream<T> extends AsyncIterable<T> {
	take(maxBytes: number): readonly T[];
	onReady(callback: () => void): void;
	close(): void;
}

/**
 * The stream with hooks at its end. All interceptors share this one wrapping, because each one
 * costs on every message. What can be taken in slices still can.
 */
export function observedStream<T>(stream: AsyncIterable<T>, hooks: StreamHooks): AsyncIterable<T> {
	const iterable: AsyncIterable<T> = {
		[Symbol.asyncIterator]() {
			const iterator = stream[Symbol.asyncIterator]();
			return {
				async next() {
					try {
						const result = await iterator.next();
						if (result.done) hooks.ended();
						return result;
					} catch (error) {
						throw hooks.failed(error);
					}
				},
				async return() {
					hooks.left();
					await iterator.return?.();
					return { done: true, value: undefined };
				},
			};
		},
	};
	if (!isSliced(stream)) return iterable;
	const sliced: SlicedStream<T> = {
		...iterable,
		take(maxBytes) {
			try {
				return stream.take(maxBytes);
			} catch (error) {
				throw hooks.failed(error);
			}
		},
		onReady: (callback) => stream.onReady(callback),
		close() {
			hooks.left();
			stream.close();
		},
	};
	return sliced;
}

function isSliced<T>(stream: AsyncIterable<T>): stream is SlicedStream<T> {
	return "take" in stream && "onReady" in stream && "close" in stream;
}
