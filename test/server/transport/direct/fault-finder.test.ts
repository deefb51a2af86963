import { createRegistry, type JsonValue } from "@bufbuild/protobuf";
import {
	CreateWukongRequestSchema,
	WatchWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { findJsonFault, wrongType } from "../../../../server/src/transport/direct/fault-finder.ts";

const registry = createRegistry();
const faultIn = (json: JsonValue) => findJsonFault(CreateWukongRequestSchema, json, registry);
const noSuchField = "this contract has no such field";

describe("the field at fault is named", () => {
	test.each<[string, JsonValue, string, string]>([
		["no object at all", [], "", wrongType],
		["a name that the contract lacks", { nmae: 1 }, "nmae", noSuchField],
		["one further in", { wukong: { spec: { cpus: 1 } } }, "wukong.spec.cpus", noSuchField],
		["a value of another type", { wukong: { spec: { cpu: "two" } } }, "wukong.spec.cpu", wrongType],
		["a message that is a text", { wukong: { spec: "big" } }, "wukong.spec", wrongType],
		["a list that is none", { wukong: { spec: { disks: {} } } }, "wukong.spec.disks", wrongType],
		[
			"an item of a list",
			{ wukong: { spec: { disks: [{ name: "a" }, { size: 1 }] } } },
			"wukong.spec.disks[1].size",
			wrongType,
		],
		["a value of a map", { wukong: { labels: { a: 1 } } }, "wukong.labels", wrongType],
		["a time that is none", { wukong: { createTime: "soon" } }, "wukong.create_time", wrongType],
		[
			"the first of several",
			{ wukong: { name: "a", uid: 5, spec: { cpu: "two" } } },
			"wukong.uid",
			wrongType,
		],
		[
			"a field under both its names",
			{ requestId: "a", request_id: "b" },
			"",
			"a field is given twice",
		],
	])("%s", (_what, json, field, description) => {
		expect(faultIn(json)).toEqual({ field, description });
	});

	test("in the contract's spelling, whichever was sent", () => {
		const json = { heartbeatInterval: "soon" };
		expect(findJsonFault(WatchWukongRequestSchema, json, registry).field).toBe(
			"heartbeat_interval",
		);
	});
});

describe("the sender's own text is not told", () => {
	test.each(["my secret", "x".repeat(65), "<script>", "ä"])("%s", (key) => {
		expect(faultIn({ wukong: { [key]: 1 } })).toEqual({
			field: "wukong.?",
			description: noSuchField,
		});
	});

	test("nor a name of Object's", () => {
		const json = JSON.parse('{"__proto__":{"cpu":1}}') as JsonValue;
		expect(faultIn(json)).toEqual({ field: "__proto__", description: noSuchField });
	});
});
