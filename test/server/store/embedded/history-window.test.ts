import { expect, test } from "vitest";
import { createHistoryWindow } from "../../../../server/src/store/embedded/history-window.ts";

const limits = { maxChanges: 3, maxAgeMs: 1_000, maxBytes: 1_000 };
const mark = (version: number, timeMs = 0, bytes = 10) => ({
	version: BigInt(version),
	timeMs,
	bytes,
});

test("the base is the newest change beyond the count", () => {
	const window = createHistoryWindow(0n, [], limits);
	expect(window.baseWith([mark(1), mark(2), mark(3)], 0)).toBe(0n);
	expect(window.baseWith([mark(1), mark(2), mark(3), mark(4), mark(5)], 0)).toBe(2n);
});

test("the base is the newest change beyond the age", () => {
	const window = createHistoryWindow(0n, [mark(1, 0), mark(2, 500)], limits);
	expect(window.baseWith([], 1_000)).toBe(0n);
	expect(window.baseWith([], 1_001)).toBe(1n);
	expect(window.baseWith([mark(3, 2_000)], 2_000)).toBe(2n);
});

test("the base is the newest change beyond the size, but never the newest of all", () => {
	const window = createHistoryWindow(0n, [mark(1, 0, 400), mark(2, 0, 600)], limits);
	expect(window.baseWith([], 0)).toBe(0n);
	expect(window.baseWith([mark(3, 0, 1)], 0)).toBe(1n);
	expect(window.baseWith([mark(3, 0, 2_000)], 0)).toBe(2n);
	window.accept([mark(3, 0, 2_000)], 2n);
	expect(window.baseWith([], 0)).toBe(2n);
	expect(window.baseWith([mark(4, 0, 900)], 0)).toBe(3n);
	window.accept([mark(4, 0, 900)], 3n);
	expect(window.baseWith([mark(5, 0, 100)], 0)).toBe(3n);
});

test("a change behind one that is kept is kept, even when it looks older", () => {
	const window = createHistoryWindow(0n, [mark(1, 5_000), mark(2, 0)], limits);
	expect(window.baseWith([], 5_500)).toBe(0n);
});

test("asking changes nothing; accepting does, over many commits", () => {
	const window = createHistoryWindow(0n, [], limits);
	for (let version = 1; version <= 1_000; version++) {
		const added = [mark(version)];
		const base = window.baseWith(added, 0);
		expect(window.baseWith(added, 0)).toBe(base);
		expect(base).toBe(BigInt(Math.max(0, version - 3)));
		window.accept(added, base);
	}
});

test("the base never goes back where nothing is left to drop", () => {
	const window = createHistoryWindow(9n, [], limits);
	expect(window.baseWith([], 0)).toBe(9n);
	window.accept([mark(10)], 10n);
	expect(window.baseWith([], 0)).toBe(10n);
});
