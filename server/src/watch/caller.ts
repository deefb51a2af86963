/** Who asked for a list or a stream. */
export interface Caller {
	/** Aborts when the caller leaves. Only read where it is needed: a signal is a costly thing. */
	readonly signal: AbortSignal;
}
