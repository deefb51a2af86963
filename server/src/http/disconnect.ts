import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Tells that a peer disconnected before its response had ended; it never occurs after that. A class,
 * because every call makes one: an object literal with getters takes a hundred times longer to make.
 */
export class Disconnect {
	#hasOccurred = false;
	/** Copied on write: most have one entry, and an array that grows reserves room for many. */
	#callbacks: (() => void)[] = none;
	#controller: AbortController | undefined;

	get hasOccurred(): boolean {
		return this.#hasOccurred;
	}

	/** Aborts when the peer disconnects. Created on first use: most calls never need it. */
	get signal(): AbortSignal {
		this.#controller ??= new AbortController();
		if (this.#hasOccurred) this.#controller.abort(callerLeft());
		return this.#controller.signal;
	}

	/**
	 * Calls back once, when the peer disconnects.
	 * @returns removes the callback
	 */
	subscribe(callback: () => void): () => void {
		this.#callbacks = this.#callbacks.concat(callback);
		return () => {
			this.#callbacks = this.#callbacks.filter((other) => other !== callback);
		};
	}

	/** Calls the subscribers. Only the exchange may do this. */
	trigger(): void {
		if (this.#hasOccurred) return;
		this.#hasOccurred = true;
		this.#controller?.abort(callerLeft());
		// A callback may remove another one that has not run yet.
		for (const callback of this.#callbacks) if (this.#callbacks.includes(callback)) callback();
		this.#callbacks = none;
	}
}

const none: never[] = [];

/** Creates the error of a call whose caller disconnected. */
export function callerLeft(): ConnectError {
	return new ConnectError("the caller left", Code.Canceled);
}
