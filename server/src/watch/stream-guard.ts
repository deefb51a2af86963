import type { Failure } from "../failure.ts";

/** Ends a stream or a wait that is open, for a reason of its own. */
export interface StreamGuard {
	/**
	 * Calls back when the stream is to end, at once where that is now. The stream says a last
	 * HEARTBEAT, then fails with `failure`; a wait just fails; where it has ended, nothing happens.
	 * @returns takes the callback back; called when the stream has ended for whatever reason
	 */
	onEnd(callback: (failure: Failure) => void): () => void;
}
