import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { expect, test } from "vitest";
import { createWukongEvents } from "../../../server/src/service/wukong/wukong-events.ts";
import { createHistory } from "../../../server/src/watch/history.ts";
import { Places } from "../../../server/src/watch/places.ts";
import { seedPayload } from "../../bench/payload/payload.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const events = createWukongEvents();
const usual = seedPayload(1).list.wukongs[0] as Wukong;
const many = <T>(entry: (index: number) => T) => Array.from({ length: 60 }, (_, i) => entry(i));
const kinds: readonly (readonly [string, Partial<Wukong>])[] = [
	["usual ones", {}],
	["nearly empty ones", { spec: undefined, status: undefined, labels: {}, annotations: {} }],
	["ones with long texts", { annotations: { note: "x".repeat(4_000), other: "ж".repeat(2_000) } }],
	[
		"ones with many labels",
		{ labels: Object.fromEntries(many((i) => [`key-${i}`, `value ${i}`])) },
	],
	[
		"ones with many parts",
		{
			spec: create(WukongSchema, {
				spec: { cpu: 1, disks: many((i) => ({ name: `disk-${i}`, size: "1Gi", boot: i === 0 })) },
			}).spec,
		},
	],
];

/** A state that shares nothing with others, as a store gives it. */
function stateOf(init: Partial<Wukong>, version: number): Wukong {
	const wukong = { ...usual, ...init, resourceVersion: `${version}` };
	return fromBinary(WukongSchema, toBinary(WukongSchema, wukong));
}

test.each(kinds)("a history of %s takes about as much heap as it may, not more", (_, init) => {
	const maxBytes = 8 * 1_024 * 1_024;
	const limits = { maxChanges: 100_000, maxAgeMs: Number.MAX_SAFE_INTEGER, maxBytes };
	let previous = stateOf(init, 0);
	const fill = () => {
		const history = createHistory({ limits, events, start: { bases: [0n], firstSequence: 0 } });
		for (let version = 1; history.firstSequence < 100; version++) {
			const object = stateOf(init, version);
			const versions = { version: BigInt(version), resumeVersion: BigInt(version) };
			const change = { ...versions, timeMs: 0, object, previous, deleted: false };
			const places = new Places([BigInt(version)]);
			history.push(change, { role: "change", isTold: true, places }, 0).event("modified");
			previous = object;
		}
		return history;
	};
	fill();
	const heapUsed = () => {
		collectGarbage();
		collectGarbage();
		return process.memoryUsage().heapUsed;
	};
	const before = heapUsed();
	const history = fill();
	const taken = heapUsed() - before;
	expect(history.firstSequence).toBeGreaterThanOrEqual(100);
	expect(taken).toBeLessThan(1.1 * maxBytes);
	expect(taken).toBeGreaterThan(0.4 * maxBytes);
});
