import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { Disconnect } from "../../../../server/src/http/disconnect.ts";
import { disconnectSignal } from "../../../../server/src/rpc/call/cancellation.ts";

test.each(["before", "after"])(
	"a signal that is asked for %s the caller disconnects is aborted with CANCELED",
	(when) => {
		const disconnect = new Disconnect();
		const early = when === "before" ? disconnectSignal(disconnect) : undefined;
		expect(early?.aborted ?? false).toBe(false);
		disconnect.trigger();
		const signal = early ?? disconnectSignal(disconnect);
		expect([signal.aborted, signal.reason.code]).toEqual([true, Code.Canceled]);
	},
);
