import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { Departure } from "../../../server/src/http/disconnect.ts";

test("each callback is called once, but for one that was taken back", () => {
	const departure = new Departure();
	const calls: string[] = [];
	departure.on(() => calls.push("a"));
	const forget = departure.on(() => calls.push("b"));
	departure.on(() => calls.push("c"));
	forget();
	departure.happen();
	departure.happen();
	expect([calls, departure.happened]).toEqual([["a", "c"], true]);
});

test.each(["before", "after"])(
	"a signal that is asked for %s it is aborted with CANCELED",
	(when) => {
		const departure = new Departure();
		const early = when === "before" ? departure.signal : undefined;
		expect(early?.aborted ?? false).toBe(false);
		departure.happen();
		const signal = early ?? departure.signal;
		expect([signal.aborted, signal.reason.code]).toEqual([true, Code.Canceled]);
		expect(departure.signal).toBe(signal);
	},
);
