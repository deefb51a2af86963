/** Whoever asked for a call. */
export interface Caller {
	/** Aborts when the call is broken off. Only read where it is needed: a signal is a costly thing. */
	readonly signal: AbortSignal;
}

/** Why work has failed. What was broken off says so in many ways; the signal knows why. */
export function whyFailed(error: unknown, caller: Caller): unknown {
	const isAbort = error instanceof Error && error.name === "AbortError";
	return isAbort && caller.signal.aborted ? caller.signal.reason : error;
}
