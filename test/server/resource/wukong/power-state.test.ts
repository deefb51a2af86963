import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
	WukongStatus_PowerState as Power,
	type StartStrategySchema,
	WukongSchema,
} from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { powerStateOf, wantedOn } from "../../../../server/src/resource/wukong/power-state.ts";

type Strategy = MessageInitShape<typeof StartStrategySchema> | undefined;

function wukong(phase: string, startStrategy: Strategy, deleting = false) {
	return create(WukongSchema, {
		spec: startStrategy === undefined ? {} : { startStrategy },
		status: { phase },
		...(deleting ? { deleteTime: { seconds: 1n } } : {}),
	});
}

describe("the power wish", () => {
	test.each<[string, Strategy, boolean]>([
		["is on without a start strategy", undefined, true],
		["is off with a start strategy that lacks auto_start", { runStrategy: "Always" }, false],
		["is off with auto_start false", { autoStart: false }, false],
		["is on with auto_start true", { autoStart: true }, true],
	])("%s", (_, strategy, on) => {
		expect(wantedOn(wukong("", strategy).spec)).toBe(on);
	});

	test("is on without a spec", () => {
		expect(wantedOn(undefined)).toBe(true);
	});
});

describe("the power state", () => {
	const on = { autoStart: true };
	const off = { autoStart: false };

	test.each<[string, Strategy, Power]>([
		["Running", on, Power.RUNNING],
		["", on, Power.STARTING],
		["Pending", on, Power.STARTING],
		["Creating", on, Power.STARTING],
		["Stopped", on, Power.STARTING],
		["Stopped", off, Power.STOPPED],
		["", off, Power.STOPPING],
		["Pending", off, Power.STOPPING],
		["Creating", off, Power.STOPPING],
		["Running", off, Power.STOPPING],
		["Error", on, Power.ERROR],
		["Error", off, Power.ERROR],
		["Migrating", on, Power.UNKNOWN],
		["Migrating", off, Power.UNKNOWN],
	])("of phase %j with %j is %d", (phase, strategy, state) => {
		expect(powerStateOf(wukong(phase, strategy))).toBe(state);
	});

	test.each<[string, Power]>([
		["Stopped", Power.STOPPED],
		["Running", Power.STOPPING],
		["Error", Power.STOPPING],
		["Migrating", Power.STOPPING],
		["", Power.STOPPING],
	])("of phase %j under deletion is %d, whatever the wish", (phase, state) => {
		expect(powerStateOf(wukong(phase, on, true))).toBe(state);
		expect(powerStateOf(wukong(phase, off, true))).toBe(state);
	});

	test("without a status is that of an empty phase", () => {
		expect(powerStateOf(create(WukongSchema))).toBe(Power.STARTING);
	});
});
