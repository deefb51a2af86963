import { Code, ConnectError } from "@connectrpc/connect";

/**
 * That a peer left before its answer was ended; it never happens after that. A class, because
 * every call makes one: an object with getters of its own takes a hundred times longer to make.
 */
export class Departure {
	#happened = false;
	/** Copied on write: most have one entry, and an array that grows takes room for many. */
	#callbacks: (() => void)[] = none;
	#controller: AbortController | undefined;

	get happened(): boolean {
		return this.#happened;
	}

	/** Aborted when it happens. Made when first asked for: most calls never need one. */
	get signal(): AbortSignal {
		this.#controller ??= new AbortController();
		if (this.#happened) this.#controller.abort(callerLeft());
		return this.#controller.signal;
	}

	/**
	 * Calls back once, when it happens.
	 * @returns takes the callback back.
	 */
	on(callback: () => void): () => void {
		this.#callbacks = this.#callbacks.concat(callback);
		return () => {
			this.#callbacks = this.#callbacks.filter((other) => other !== callback);
		};
	}

	/** Tells it. For the exchange alone. */
	happen(): void {
		if (this.#happened) return;
		this.#happened = true;
		this.#controller?.abort(callerLeft());
		// One may take back another that is still to come.
		for (const callback of this.#callbacks) if (this.#callbacks.includes(callback)) callback();
		this.#callbacks = none;
	}
}

const none: never[] = [];

/** What a call fails with whose caller left. */
export function callerLeft(): ConnectError {
	return new ConnectError("the caller left", Code.Canceled);
}
