import { describe, expect, test } from "vitest";
import type { KnownChange } from "./cluster-history.ts";
import { checkHistory } from "./history-check.ts";

const change = (type: string, version: number, uid = "a"): KnownChange => ({
	type,
	uid,
	version: `${version}`,
});
const added = change("ADDED", 1);
const first = change("MODIFIED", 2);
const other = change("ADDED", 3, "b");
const second = change("MODIFIED", 4);
const deleted = change("DELETED", 5);
const happened = [added, first, other, second, deleted];

describe("what a stream saw", () => {
	test("is right where it is what happened", () => {
		expect(checkHistory(happened, happened)).toEqual({ skipped: 0, faults: [] });
	});

	test("may lack a state that another one of the same object follows", () => {
		const seen = [added, other, second, deleted];
		expect(checkHistory(happened, seen)).toEqual({ skipped: 1, faults: [] });
	});

	test.each([
		["the first state", [first, other, second, deleted]],
		["the last one before a deletion", [added, first, other, deleted]],
		["a deletion", [added, first, other, second]],
		["another object", [added, first, second, deleted]],
	])("may not lack %s", (_, seen) => {
		expect(checkHistory(happened, seen).faults).toHaveLength(1);
	});

	test.each([
		["twice", [added, first, first, other, second, deleted]],
		["that never happened", [added, first, other, second, change("MODIFIED", 9), deleted]],
		["out of order", [first, added, other, second, deleted]],
	])("may not hold a change %s", (_, seen) => {
		expect(checkHistory(happened, seen).faults).not.toEqual([]);
	});
});
