import { expect, test } from "vitest";
import { thoseThatFailAgain } from "./repeated-run.ts";

/** Fails some cases in each further run, and notes which were run. */
async function repeat(failed: readonly string[], ...further: readonly (readonly string[])[]) {
	const runs: (readonly string[])[] = [];
	const named = await thoseThatFailAgain(failed, async (left) => {
		runs.push(left);
		return further[runs.length - 1] ?? [];
	});
	return { named, runs };
}

test("a case is named where it fails in each of three runs", async () => {
	expect((await repeat(["a", "b"], ["a"], ["a"])).named).toEqual(["a"]);
	expect((await repeat(["a", "b"], ["a", "b"], ["c"])).named).toEqual([]);
});

test("each further run is told what is left, and none is made where nothing is", async () => {
	expect((await repeat(["a", "b"], ["b"], [])).runs).toEqual([["a", "b"], ["b"]]);
	expect((await repeat(["a"], [])).runs).toEqual([["a"]]);
	expect((await repeat([])).runs).toEqual([]);
});
