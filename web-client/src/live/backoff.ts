/** How long a watch waits before its next try. All in milliseconds. */
export interface BackoffTimes {
	/** Upper end of the first wait; it doubles with each failure. Default: 500. */
	readonly minMs: number;
	/** Upper end of the longest wait. Default: 30,000. */
	readonly maxMs: number;
	/** A connection that was in sync for so long begins with `minMs` again. Default: 10,000. */
	readonly healthyMs: number;
}

export const defaultBackoff: BackoffTimes = { minMs: 500, maxMs: 30_000, healthyMs: 10_000 };

/** The waits between the tries of one watch. */
export interface Backoff {
	/**
	 * The next wait: "full jitter", a random part of a time that doubles, so that the clients of a
	 * service that comes back do not come all at once.
	 * @param hintMs what the service asks for, which is waited for as a whole before the random part
	 */
	next(hintMs?: number): number;
	/** A try has led to a stream that stayed. */
	reset(): void;
}

export function createBackoff(random: () => number, times: BackoffTimes): Backoff {
	let upToMs = times.minMs;
	return {
		next(hintMs = 0) {
			const delayMs = hintMs + random() * Math.min(upToMs, times.maxMs);
			upToMs = Math.min(upToMs * 2, times.maxMs);
			return delayMs;
		},
		reset() {
			upToMs = times.minMs;
		},
	};
}
