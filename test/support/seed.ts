/** What the gate runs with: it has to be the same each time. */
const fixedSeed = 20_261_126;

/**
 * The seed of inputs that tests make up: fixed, so that a run can be repeated and the gate is
 * deterministic. `WUKONG_TEST_SEED=<n>` gives another, `WUKONG_TEST_SEED=fresh` (`npm run
 * test:fresh`) one by the clock; titles name the one that was used.
 */
export const testSeed: number = seedFrom(process.env.WUKONG_TEST_SEED);

function seedFrom(given: string | undefined): number {
	if (given === undefined || given === "") return fixedSeed;
	if (given === "fresh") return Date.now() % 2 ** 31;
	const seed = Number(given);
	if (!Number.isSafeInteger(seed)) throw new RangeError(`WUKONG_TEST_SEED=${given} is no seed`);
	return seed;
}
