import { Code, ConnectError } from "@connectrpc/connect";
import type { Caller } from "../../caller.ts";
import type { Disconnect } from "../../http/disconnect.ts";

/** What a call has opened. */
interface Closable {
	close(reason?: unknown): void;
}

/**
 * Reason of the signal of a call that was answered: what `abort()` alone would make. One for all
 * calls, because its stack trace costs more than the rest of a call's end.
 */
const answered = new DOMException("This operation was aborted", "AbortError");

/**
 * Cancellation of a call that is broken off, or whose work is no longer wanted. A class: each call
 * has one, and a stream keeps it.
 */
export class Cancellation {
	#controller: AbortController | undefined;
	#reason: ConnectError | undefined;
	/** What the call has ended with; undefined: it was answered, or is not over. */
	#failure: unknown;
	#isOver = false;
	#onAbort: ((reason: ConnectError) => void) | undefined;
	#held: Closable | undefined;

	/**
	 * Aborted when the call is broken off, and when it has ended: then with what it failed with, or
	 * with an AbortError, as connect's own handlers do. Made when asked for.
	 */
	get signal(): AbortSignal {
		if (this.#controller === undefined) {
			this.#controller = new AbortController();
			if (this.#isOver) this.#controller.abort(this.#reason ?? this.#failure ?? answered);
		}
		return this.#controller.signal;
	}

	/** Reason for which the call is broken off; undefined while it is not. */
	get reason(): ConnectError | undefined {
		return this.#reason;
	}

	/** Calls back once, when the call is broken off; for one at a time. */
	onAbort(callback: (reason: ConnectError) => void): void {
		this.#onAbort = callback;
	}

	/** Closes `held` with the call, whatever interceptors have made of it. */
	hold(held: Closable): void {
		this.#held = held;
		if (this.#isOver) held.close(this.#reason);
	}

	/** Breaks the call off: nobody waits for its implementation any longer. */
	abort(reason: ConnectError): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#reason = reason;
		this.#controller?.abort(reason);
		this.#onAbort?.(reason);
		this.#held?.close(reason);
	}

	/**
	 * Ends the call: work that still goes on for it may stop.
	 * @param failure what it failed with; undefined: it was answered
	 */
	end(failure?: unknown): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#failure = failure;
		this.#controller?.abort(failure ?? answered);
		this.#held?.close();
	}
}

/**
 * Returns why work for a caller has failed: what is aborted throws an AbortError of its own, and the
 * caller's signal has the reason (deadline, disconnect). Asks for the signal only then.
 */
export function abortReasonOf(error: unknown, caller: Caller): unknown {
	const isAbort = error instanceof Error && error.name === "AbortError";
	return isAbort && caller.signal.aborted ? caller.signal.reason : error;
}

/** What a call fails with that took too long. */
export function deadlinePassed(): ConnectError {
	return new ConnectError("the operation timed out", Code.DeadlineExceeded);
}

/** Creates the error of a call whose caller disconnected: CANCELED. */
export function callerLeft(cause?: unknown): ConnectError {
	return new ConnectError("the caller left", Code.Canceled, undefined, undefined, cause);
}

/** Creates a signal that aborts with {@link callerLeft} when the peer disconnects. */
export function disconnectSignal(disconnect: Disconnect): AbortSignal {
	const controller = new AbortController();
	const abort = () => controller.abort(callerLeft());
	if (disconnect.hasOccurred) abort();
	else disconnect.subscribe(abort);
	return controller.signal;
}
