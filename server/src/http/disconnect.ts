/** Thrown when a peer disconnects before its request has been read. */
export class DisconnectError extends Error {
	override readonly name = "DisconnectError";

	constructor(cause?: unknown) {
		super("the peer disconnected", { cause });
	}
}

/**
 * Tells that a peer disconnected before its response had ended; it never occurs after that. A class,
 * because every call makes one: an object literal with getters takes a hundred times longer to make.
 */
export class Disconnect {
	#hasOccurred = false;
	/** Copied on write: most have one entry, and an array that grows reserves room for many. */
	#callbacks: (() => void)[] = none;

	get hasOccurred(): boolean {
		return this.#hasOccurred;
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
		// A callback may remove another one that has not run yet.
		for (const callback of this.#callbacks) if (this.#callbacks.includes(callback)) callback();
		this.#callbacks = none;
	}
}

const none: never[] = [];
