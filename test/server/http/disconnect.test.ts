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
