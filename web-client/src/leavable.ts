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
