import { expect, test } from "vitest";
import { runAfterTick } from "../../../server/src/http/run-after-tick.ts";
import { until } from "../../support/until.ts";

test("what is ready now comes first, then the callbacks in their order", async () => {
	const calls: string[] = [];
	runAfterTick(() => calls.push("first"));
	runAfterTick(() => calls.push("second"));
	process.nextTick(() => calls.push("tick"));
	Promise.resolve().then(() => calls.push("microtask"));
	await until("all are called", () => calls.length === 4);
	expect(calls.slice(2)).toEqual(["first", "second"]);
});

test("what a callback puts off waits for the next turn", async () => {
	const calls: string[] = [];
	runAfterTick(() => {
		runAfterTick(() => calls.push("later"));
		process.nextTick(() => calls.push("tick"));
	});
	await until("both are called", () => calls.length === 2);
	expect(calls).toEqual(["tick", "later"]);
});
