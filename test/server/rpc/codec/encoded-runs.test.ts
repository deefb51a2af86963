import { create, createRegistry } from "@bufbuild/protobuf";
import { WukongEvent_Type, WukongEventSchema } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { createFraming, type Framing } from "../../../../server/src/rpc/codec/codec.ts";
import { createEncoder } from "../../../../server/src/rpc/codec/encoder.ts";
import { createEncodings } from "../../../../server/src/rpc/codec/encodings.ts";
import { createEnvelope, envelopeFraming } from "../../../../server/src/rpc/protocol/envelope.ts";
import { lineFraming } from "../../../../server/src/rpc/protocol/ndjson/ndjson.ts";
import { createEventFraming } from "../../../../server/src/rpc/protocol/sse/event-framing.ts";
import { eventsFraming } from "../../../../server/src/rpc/protocol/websocket/server-message.ts";
import { wukongEventLabels } from "../../../../server/src/service/wukong/wukong-events.ts";

const event = (resourceVersion: string) =>
	Object.freeze(create(WukongEventSchema, { type: WukongEvent_Type.SYNCED, resourceVersion }));

const labels = new Map([[WukongEventSchema.typeName, wukongEventLabels]]);
const namedEvents = createEventFraming("events", { labels, isNamed: true });
const unnamedEvents = createEventFraming("unnamed-events", { labels, isNamed: false });

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

describe("a batch of messages", () => {
	test("of one frozen array have one set of bytes for each form, however they take turns", () => {
		const { encoder, made } = setUp();
		const run = Object.freeze([event("1"), event("2")]);
		const all = (form: "json" | "binary") =>
			encoder.encodeBatch(WukongEventSchema, run, envelopeFraming[form]);
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
		expect(encoder.encodeBatch(WukongEventSchema, run, envelopeFraming.json)).toEqual(
			Buffer.concat(each.map((bytes) => createEnvelope(0, bytes))),
		);
	});

	test.each([
		["an array", [event("1"), event("2")]],
		["a message", Object.freeze([create(WukongEventSchema), event("2")])],
	])("are encoded anew where %s may still change", (_what, run) => {
		const { encoder } = setUp();
		const all = () => encoder.encodeBatch(WukongEventSchema, run, envelopeFraming.binary);
		expect(all()).not.toBe(all());
	});

	test("has bytes of its own in each framing, and shares them within one", () => {
		const { encoder, made } = setUp();
		const lines = createFraming("lines", (encoded) =>
			Buffer.concat(encoded.flatMap((bytes) => [bytes, Buffer.from("\n")])),
		);
		for (const batch of [[event("1"), event("2")], [event("3")]].map(Object.freeze)) {
			const all = (framing: Framing) =>
				encoder.encodeBatch(WukongEventSchema, batch as never, framing);
			const [line, envelope] = [all(lines.json), all(envelopeFraming.json)];
			expect(line.toString()).toMatch(/^(\{.*\}\n)+$/);
			expect([all(lines.json), all(envelopeFraming.json)]).toEqual([line, envelope]);
			expect(all(lines.json)).toBe(line);
		}
		expect(made.filter((codec) => codec === "binary")).toEqual([]);
	});

	test.each([
		["alone", [["1"]]],
		["in batches", [["1", "2"]]],
		["alone, then in a batch", [["1"], ["1", "2"]]],
		["in a batch, then alone", [["1", "2"], ["1"], ["2"]]],
	])("is encoded once for all framings of JSON: %s", (_how, batches) => {
		const { encoder, made } = setUp();
		const events = new Map(["1", "2"].map((version) => [version, event(version)]));
		const framings = [
			...[envelopeFraming.json, lineFraming.json, namedEvents.json, unnamedEvents.json],
			eventsFraming,
		];
		for (const versions of batches) {
			const batch = Object.freeze(versions.map((version) => events.get(version) as never));
			for (const framing of [...framings, ...framings.toReversed()]) {
				const bytes = encoder.encodeBatch(WukongEventSchema, batch, framing).toString();
				for (const version of versions) {
					expect(bytes).toContain(`{"type":"SYNCED","resourceVersion":"${version}"}`);
				}
			}
		}
		expect(made).toEqual([...new Set(batches.flat())].map(() => "json"));
	});

	test("of one message that several views hold has its framed bytes once", () => {
		const { encoder } = setUp();
		const one = event("1");
		const [first, second] = [Object.freeze([one]), Object.freeze([one])];
		const bytes = encoder.encodeBatch(WukongEventSchema, first, envelopeFraming.json);
		expect(encoder.encodeBatch(WukongEventSchema, second, envelopeFraming.json)).toBe(bytes);
		expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
	});
});
