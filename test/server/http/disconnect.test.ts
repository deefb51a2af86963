import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { Disconnect } from "../../../server/src/http/disconnect.ts";

test("each callback is called once, but for one that was taken back", () => {
	const disconnect = new Disconnect();
	const calls: string[] = [];
	disconnect.subscribe(() => calls.push("a"));
	const forget = disconnect.subscribe(() => calls.push("b"));
	disconnect.subscribe(() => calls.push("c"));
	forget();
	disconnect.trigger();
	disconnect.trigger();
	expect([calls, disconnect.hasOccurred]).toEqual([["a", "c"], true]);
});

test.each(["before", "after"])(
	"a signal that is asked for %s it is aborted with CANCELED",
	(when) => {
		const disconnect = new Disconnect();
		const early = when === "before" ? disconnect.signal : undefined;
		expect(early?.aborted ?? false).toBe(false);
		disconnect.trigger();
		const signal = early ?? disconnect.signal;
		expect([signal.aborted, signal.reason.code]).toEqual([true, Code.Canceled]);
		expect(disconnect.signal).toBe(signal);
	},
);
