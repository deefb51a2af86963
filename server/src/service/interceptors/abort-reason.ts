import type { Caller } from "../../watch/caller.ts";

/** Why work has failed. What was broken off says so in many ways; the signal knows why. */
export function abortReasonOf(error: unknown, caller: Caller): unknown {
	const isAbort = error instanceof Error && error.name === "AbortError";
	return isAbort && caller.signal.aborted ? caller.signal.reason : error;
}
