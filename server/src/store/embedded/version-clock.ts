import type { Clock } from "../../clock.ts";

/** Issues versions. */
export interface VersionClock {
	/** Returns the next version; never one that was issued before. */
	next(): bigint;
}

/**
 * Creates a clock. Versions are microseconds since 1970, or one more than the last where that is
 * not newer. So they never go back, whatever the wall clock does, and two lives of
 * one store (a restored copy beside the original) do not issue the same ones.
 * @param head the newest version so far.
 */
export function createVersionClock(head: bigint, clock: Clock): VersionClock {
	let last = head;
	return {
		next() {
			const now = BigInt(Math.floor(clock.nowMs())) * 1_000n;
			last = now > last ? now : last + 1n;
			return last;
		},
	};
}
