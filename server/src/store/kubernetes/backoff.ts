import type { Clock } from "../../clock.ts";

/** Waits between tries. */
export interface BackoffOptions {
	/** The first wait is at most this long, in milliseconds. Default 100. */
	readonly minMs: number;
	/** No wait is longer than this, in milliseconds. Default 30,000. */
	readonly maxMs: number;
	/** Time without a failure after which the waits start over, in milliseconds. Default 60,000. */
	readonly healthyMs: number;
}

/**
 * Computes how long to wait after a failure: longer each time, and at random, so that replicas do
 * not retry together.
 */
export interface Backoff {
	/** @param askedMs what the API server asked to wait at least, in milliseconds. */
	nextMs(askedMs?: number): number;
}

/**
 * Creates a backoff with full jitter: anything from 0 to a bound that doubles with each failure.
 * @param random from 0 to below 1.
 */
export function createBackoff(
	{ minMs, maxMs, healthyMs }: BackoffOptions,
	clock: Pick<Clock, "monotonicMs">,
	random: () => number,
): Backoff {
	let failures = 0;
	let waitedUntilMs = Number.NEGATIVE_INFINITY;
	return {
		nextMs(askedMs = 0) {
			const nowMs = clock.monotonicMs();
			if (nowMs - waitedUntilMs >= healthyMs) failures = 0;
			const boundMs = Math.min(maxMs, minMs * 2 ** failures);
			failures++;
			const delayMs = askedMs + random() * boundMs;
			waitedUntilMs = nowMs + delayMs;
			return delayMs;
		},
	};
}

/** Waits for `delayMs`. @throws the signal's reason, at once when it aborts */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal.aborted) return reject(signal.reason);
		const onAbort = () => {
			timer.cancel();
			reject(signal.reason);
		};
		const timer = clock.setTimer(delayMs, () => {
			signal.removeEventListener("abort", onAbort);
			resolve();
		});
		signal.addEventListener("abort", onAbort, { once: true });
	});
}
