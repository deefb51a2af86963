import { testSeed } from "../support/seed.ts";

/** Rounds of each fault where time is short, as on every push. */
const fewRounds = 25;

/**
 * How often a fault strikes in one test: a few times, or, as `npm run faults` asks with
 * `WUKONG_FAULT_ROUNDS=full`, as often as its promise was made for.
 * @param shortRounds of a fault whose rounds are long
 */
export function roundsOf(fullRounds: number, shortRounds: number = fewRounds): number {
	return process.env.WUKONG_FAULT_ROUNDS === "full" ? fullRounds : shortRounds;
}

/** Seed of all that is left to chance; a failed run is repeated with the one in its title. */
export const faultSeed = testSeed;

/** Bounds a failing test only; a full run on a busy machine takes its time. In milliseconds. */
export const faultTimeoutMs = 1_800_000;
