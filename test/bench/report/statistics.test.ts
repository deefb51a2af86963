import { describe, expect, test } from "vitest";
import { medianRatio, quantile, spread } from "./statistics.ts";

describe("statistics", () => {
	test("a quantile lies between its neighbours, in whatever order the figures come", () => {
		expect(quantile([40, 10, 30, 20], 0.5)).toBe(25);
		expect(quantile([40, 10, 30, 20], 0)).toBe(10);
		expect(quantile([40, 10, 30, 20], 1)).toBe(40);
		expect(quantile([7], 0.25)).toBe(7);
	});

	test("the order of the given figures is kept", () => {
		const figures = [3, 1, 2];
		spread(figures);
		expect(figures).toEqual([3, 1, 2]);
	});

	test("a spread is the median and both quartiles", () => {
		expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4 });
	});

	test("one wild round moves neither the median nor the quartiles of seven", () => {
		expect(spread([10, 10, 10, 10, 10, 10, 9_000])).toEqual({ median: 10, low: 10, high: 10 });
	});

	test("no figures have no quantile", () => {
		expect(() => quantile([], 0.5)).toThrow(RangeError);
	});

	test("a ratio is taken within each round, so a slow round does not bend it", () => {
		expect(medianRatio([20, 2, 20], [10, 1, 10])).toBe(2);
	});

	test("rounds that only one side has do not count", () => {
		expect(medianRatio([6, 8, 100], [3, 2])).toBe(3);
		expect(medianRatio([6], [])).toBeUndefined();
		expect(medianRatio([6], [0])).toBeUndefined();
	});
});
