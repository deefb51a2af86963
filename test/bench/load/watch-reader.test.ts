import { WukongEvent_Type as Type, WukongEventSchema } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { encode } from "../payload/form.ts";
import { envelope } from "./envelope.ts";
import { createTally } from "./tally.ts";
import { createWatchReader } from "./watch-reader.ts";

function watched(sampled: boolean, ...events: { type: Type; name?: string }[]) {
	const tally = createTally();
	const seen: string[] = [];
	const push = createWatchReader({
		form: "binary",
		sampled,
		tally,
		onSynced: () => seen.push("synced"),
		onFault: (text) => seen.push(text),
	});
	for (const { type, name } of events) {
		const fields = name === undefined ? { type } : { type, wukong: { name } };
		push(envelope(encode(WukongEventSchema, fields, "binary")));
	}
	return { seen, delivered: tally.delivered, samples: Object.fromEntries(tally.takeSamples()) };
}

describe("a watch of the load", () => {
	test("counts from SYNCED on", () => {
		const changes = [
			{ type: Type.MODIFIED, name: "a" },
			{ type: Type.MODIFIED, name: "b" },
		];
		const events = [{ type: Type.HEARTBEAT }, { type: Type.SYNCED }, ...changes];
		expect(watched(false, ...events)).toEqual({ seen: ["synced"], delivered: 2, samples: {} });
		expect(watched(true, ...events)).toEqual({
			seen: ["synced"],
			delivered: 2,
			samples: { a: 1, b: 1 },
		});
	});

	test("takes a RESET for a fault", () => {
		expect(watched(true, { type: Type.RESET }).seen).toEqual(["an event RESET"]);
	});

	test("takes an early change for a fault, and does not count it", () => {
		const { seen, delivered } = watched(true, { type: Type.MODIFIED, name: "a" });
		expect(seen).toEqual(["MODIFIED before SYNCED"]);
		expect(delivered).toBe(0);
	});
});

test("a tally that is not reached in time says so", async () => {
	const tally = createTally();
	tally.deliver();
	expect(await tally.reach(1, 60_000)).toBe(true);
	const soon = tally.reach(2, 60_000);
	tally.deliver();
	expect(await soon).toBe(true);
	expect(await tally.reach(3, 1)).toBe(false);
});
