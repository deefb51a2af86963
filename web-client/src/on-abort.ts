/**
 * Calls back when a signal aborts, and at once where it has aborted. A caller's signal may outlive
 * thousands of streams, so each of them lets go of it.
 *
 * @returns lets go
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
	if (signal?.aborted) callback();
	else signal?.addEventListener("abort", callback, { once: true });
	return () => signal?.removeEventListener("abort", callback);
}
