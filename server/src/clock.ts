/** A timer that has been set; cancelling one that has fired does nothing. */
export interface Timer {
	cancel(): void;
}

/**
 * Time, injected wherever behaviour depends on it, so that tests need no sleep.
 */
export interface Clock {
	/** Wall-clock time in milliseconds since 1970; may step. */
	nowMs(): number;
	/** Milliseconds since an arbitrary point; never steps back. */
	monotonicMs(): number;
	/** Calls back once after `delayMs`. Does not keep the process alive. */
	setTimer(delayMs: number, callback: () => void): Timer;
}

/** The longest delay that a Node timer holds; a longer one would fire after 1 ms. */
export const maxTimerDelayMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
	nowMs: () => Date.now(),
	monotonicMs: () => performance.now(),
	setTimer(delayMs, callback) {
		const timeout = setTimeout(callback, Math.min(delayMs, maxTimerDelayMs));
		timeout.unref();
		return { cancel: () => clearTimeout(timeout) };
	},
};
