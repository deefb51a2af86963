import fc from "fast-check";
import { test } from "vitest";
import { fuzzTargets } from "./targets.ts";
import { openWholePort } from "./whole-port.ts";

const seed = 20_261_121;

// The long run, with a seed of its own each time, is `npm run fuzz`.
test.each(fuzzTargets)(`$name, seed ${seed}`, async ({ property }) => {
	await fc.assert(property as fc.IAsyncProperty<unknown>, { seed, numRuns: 500 });
});

test(`requests to a started service, seed ${seed}`, async () => {
	await using target = await openWholePort();
	await fc.assert(target.property as fc.IAsyncProperty<unknown>, { seed, numRuns: 150 });
});
