import type { Clock } from "../../clock.ts";
import type { WriteOptions } from "../store.ts";
import { sleep } from "./backoff.ts";
import { answerTimeMs } from "./read-your-writes.ts";

/** Time for which a write without a deadline is tried again when it meets conflicts, in milliseconds. */
const maxConflictMs = 30_000;

/** The longest wait before the second try, in milliseconds; it doubles with each one. */
const retryWaitMs = 10;

/** The longest wait before any try, in milliseconds. */
const maxRetryWaitMs = 40;

/**
 * Creates the wait before each further try of a write that met a conflict, until shortly before the
 * caller's deadline: whoever writes a status all the time must not make an update fail that has
 * nothing to do with it. It waits at random: two replicas that write at the same pace would never
 * stop conflicting.
 *
 * @param giveUp makes what the wait fails with where no time is left for another try
 */
export function createConflictRetry(
	{ signal, remainingMs }: Pick<WriteOptions, "signal" | "remainingMs">,
	{ clock, random }: { readonly clock: Clock; readonly random: () => number },
	giveUp: () => Promise<Error>,
): () => Promise<void> {
	const leftMs = (remainingMs?.() ?? Number.POSITIVE_INFINITY) - answerTimeMs;
	const giveUpMs = clock.monotonicMs() + Math.min(leftMs, maxConflictMs);
	let longestMs = retryWaitMs;
	return async () => {
		const waitMs = random() * longestMs;
		longestMs = Math.min(longestMs * 2, maxRetryWaitMs);
		if (clock.monotonicMs() + waitMs >= giveUpMs) throw await giveUp();
		await sleep(clock, waitMs, signal);
	};
}
