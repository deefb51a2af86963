import { create, createRegistry } from "@bufbuild/protobuf";
import { WukongEvent_Type, WukongEventSchema } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { createEncoder } from "../../../../server/src/rpc/codec/encoder.ts";
import { createEncodings } from "../../../../server/src/rpc/codec/encodings.ts";

const event = (resourceVersion: string) =>
	Object.freeze(create(WukongEventSchema, { type: WukongEvent_Type.SYNCED, resourceVersion }));

function setUp() {
	const made: string[] = [];
	const encoder = createEncoder({
		cacheableTypes: [WukongEventSchema],
		encodings: createEncodings(),
		registry: createRegistry(),
		observer: { encoded: (_type, form) => void made.push(form) },
	});
	return { made, encoder };
}

describe("messages in a row", () => {
	test("of one frozen array have one set of bytes for each form, however they take turns", () => {
		const { encoder, made } = setUp();
		const run = Object.freeze([event("1"), event("2")]);
		const all = (form: "json" | "binary") => encoder.encodeAll(WukongEventSchema, run, form);
		const json = all("json");
		const binary = all("binary");
		expect([all("json"), all("binary")]).toEqual([json, binary]);
		expect(all("json")).toBe(json);
		expect(all("binary")).toBe(binary);
		expect(made).toEqual(["json", "json", "binary", "binary"]);
	});

	test("are the envelopes of each, one behind the other", () => {
		const { encoder } = setUp();
		const run = [event("1"), event("2")];
		const each = run.map((one) => encoder.encode(WukongEventSchema, one, "json"));
		expect(encoder.encodeAll(WukongEventSchema, run, "json")).toEqual(Buffer.concat(each));
	});

	test.each([
		["an array", [event("1"), event("2")]],
		["a message", Object.freeze([create(WukongEventSchema), event("2")])],
	])("are encoded anew where %s may still change", (_what, run) => {
		const { encoder } = setUp();
		const all = () => encoder.encodeAll(WukongEventSchema, run, "binary");
		expect(all()).not.toBe(all());
	});
});
