import { Code, ConnectError } from "@connectrpc/connect";

/** That a peer left before its answer was ended. It never happens after that. */
export interface Departure {
	readonly happened: boolean;
	/** Aborted when it happens. Made when first asked for: most calls never need one. */
	readonly signal: AbortSignal;
	/**
	 * Calls back once, when it happens.
	 * @returns takes the callback back.
	 */
	on(callback: () => void): () => void;
}

/** A departure, and how to tell it. */
export function createDeparture(): Departure & { happen(): void } {
	let happened = false;
	let callbacks: Set<() => void> | undefined;
	let controller: AbortController | undefined;
	return {
		get happened() {
			return happened;
		},
		get signal() {
			controller ??= new AbortController();
			if (happened) controller.abort(callerLeft());
			return controller.signal;
		},
		on(callback) {
			callbacks ??= new Set();
			callbacks.add(callback);
			return () => callbacks?.delete(callback);
		},
		happen() {
			if (happened) return;
			happened = true;
			controller?.abort(callerLeft());
			for (const callback of callbacks ?? []) callback();
			callbacks = undefined;
		},
	};
}

/** What a call fails with whose caller left. */
export function callerLeft(): ConnectError {
	return new ConnectError("the caller left", Code.Canceled);
}
