import { expect, test } from "vitest";
import { createParallelLimit } from "../../../server/src/rpc/compression.ts";

/** Work that a test ends; `begun` are its numbers in the order in which they began. */
function createWork(max: number, count: number) {
	const inTurn = createParallelLimit(max);
	const begun: number[] = [];
	const ends = Array.from({ length: count }, () => Promise.withResolvers<number>());
	const results = ends.map(({ promise }, i) =>
		inTurn(() => {
			begun.push(i);
			return promise;
		}).catch(() => -1),
	);
	return { begun, ends, results };
}

test("so many run at a time, and the others in the order in which they came", async () => {
	const { begun, ends, results } = createWork(2, 5);
	expect(begun).toEqual([0, 1]);
	ends[1]?.resolve(10);
	expect(await results[1]).toBe(10);
	expect(begun).toEqual([0, 1, 2]);
	for (const { resolve } of ends) resolve(0);
	expect(await Promise.all(results)).toEqual([0, 10, 0, 0, 0]);
	expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test("work that fails makes room as any other", async () => {
	const { begun, ends, results } = createWork(1, 2);
	ends[0]?.reject(new Error("planted"));
	expect(await results[0]).toBe(-1);
	expect(begun).toEqual([0, 1]);
	ends[1]?.resolve(1);
	expect(await results[1]).toBe(1);
});
