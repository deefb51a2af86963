import { testSeed } from "../support/seed.ts";

/** As `npm run faults` asks: all rounds, all kinds. */
const isFullRun = process.env.WUKONG_FAULT_ROUNDS === "full";

/** Rounds of each fault where time is short, as on every push. */
const fewRounds = 25;

/**
 * VMs and their runs move beside the Wukongs, in a full run alone. How often a quiet kind is struck at one
 * version, and so is rightly read anew, or is taken to be forbidden, is a matter of the machine's
 * pace: a count of lists or starts over that holds on every machine there is for Wukongs only.
 */
export const movesThreeKinds = isFullRun;

/**
 * How often a fault strikes in one test: a few times, or, in a full run (`WUKONG_FAULT_ROUNDS=full`),
 * as often as its promise was made for.
 * @param shortRounds of a fault whose rounds are long
 */
export function roundsOf(fullRounds: number, shortRounds: number = fewRounds): number {
	return isFullRun ? fullRounds : shortRounds;
}

/** Seed of all that is left to chance; a failed run is repeated with the one in its title. */
export const faultSeed = testSeed;

/** Bounds a failing test only; a full run on a busy machine takes its time. In milliseconds. */
export const faultTimeoutMs = 1_800_000;
