import {
	create,
	createRegistry,
	type DescMessage,
	equals,
	fromBinary,
	type Message,
	toBinary,
	toJson,
	toJsonString,
} from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Codec, Encoder } from "../../../../server/src/rpc/codec/codec.ts";
import { createEncoder } from "../../../../server/src/rpc/codec/encoder.ts";
import { createEncodings } from "../../../../server/src/rpc/codec/encodings.ts";
import { createEnvelope, envelopeFraming } from "../../../../server/src/rpc/protocol/envelope.ts";
import { testSeed } from "../../../support/seed.ts";
import { anyMessage } from "./message-arbitrary.ts";
import { createPartsSchema } from "./parts-schema.ts";

const { holder, part } = createPartsSchema();
const contract = [
	WukongSchema,
	WukongEventSchema,
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
];

function open(cacheableTypes: readonly DescMessage[]) {
	const encodings: string[] = [];
	const encoded = (typeName: string, form: Codec) => void encodings.push(`${typeName} ${form}`);
	const registry = createRegistry();
	return {
		encoder: createEncoder({
			cacheableTypes,
			encodings: createEncodings(),
			registry,
			observer: { encoded },
		}),
		encodings,
	};
}

const equality = { unknown: true, registry: createRegistry() };

function expectPlain(encoder: Encoder, schema: DescMessage, message: Message): void {
	const plain = toBinary(schema, message);
	const binary = encoder.encode(schema, message, "binary");
	const json = encoder.encode(schema, message, "json").toString();
	const [seen, meant] = [binary, plain].map((bytes) => fromBinary(schema, bytes));
	expect(equals(schema, seen as Message, meant as Message, equality)).toBe(true);
	expect(JSON.parse(json)).toEqual(toJson(schema, message));
	// The members stand in another order; the same length shows that none stands there twice.
	expect(binary.byteLength).toBe(plain.byteLength);
	expect(json.length).toBe(toJsonString(schema, message).length);
}

const seed = testSeed;

describe(`bytes that are put together say what protobuf's own say (seed ${seed})`, () => {
	test.each([
		["a holder of shared parts", holder, [part]],
		["a shared holder", holder, [holder]],
		["a shared holder of shared parts", holder, [part, holder]],
		["a shared part", part, [part]],
	])("%s", (_name, schema, shared) => {
		const { encoder } = open(shared);
		const property = fc.property(anyMessage(schema), (message) => {
			expectPlain(encoder, schema, message);
			// From the bytes that are kept.
			expectPlain(encoder, schema, message);
		});
		fc.assert(property, { seed, numRuns: 150 });
	});

	test.each(contract)("$name of the contract", (schema) => {
		const { encoder } = open(contract);
		const property = fc.property(anyMessage(schema), (message) =>
			expectPlain(encoder, schema, message),
		);
		fc.assert(property, { seed, numRuns: 100 });
	});

	test("fields that nobody knows stay", () => {
		const message = create(holder, { needed: create(part) });
		const data = Uint8Array.of(2, 1, 2);
		message.$unknown = [{ no: 99, wireType: 2, data }];
		Object.assign(message, { many: [create(part)] });
		expectPlain(open([part]).encoder, holder, message);
	});
});

describe("a shared message", () => {
	const frozen = () => Object.freeze(create(WukongSchema, { name: "vm" }));

	test("is encoded once for each form, wherever it lies", () => {
		const { encoder, encodings } = open(contract);
		const wukong = frozen();
		const event = Object.freeze(create(WukongEventSchema, { wukong }));
		const list = create(ListWukongsResponseSchema, { wukongs: [wukong, wukong] });
		for (const form of ["json", "binary", "json"] as const) {
			encoder.encode(WukongEventSchema, event, form);
			encoder.encode(ListWukongsResponseSchema, list, form);
			expect(encoder.encode(WukongSchema, wukong, form)).toBe(
				encoder.encode(WukongSchema, wukong, form),
			);
		}
		expect(encodings.sort()).toEqual([
			"novasphere.v1.Wukong binary",
			"novasphere.v1.Wukong json",
			"novasphere.v1.WukongEvent binary",
			"novasphere.v1.WukongEvent json",
		]);
	});

	test("has bytes of its own, not a piece of Node's pool, which would live as long", () => {
		const { encoder } = open(contract);
		const envelope = encoder.encode(WukongSchema, frozen(), "json");
		expect(envelope.buffer.byteLength).toBe(envelope.byteLength);
	});

	describe("in the frame of one response", () => {
		const framing = envelopeFraming.binary;
		const page = (count: number) => {
			const wukongs = Array.from({ length: count }, (_, at) =>
				Object.freeze(create(WukongSchema, { name: `vm-${at}`, labels: { app: "x".repeat(200) } })),
			);
			return Object.freeze(create(ListWukongsResponseSchema, { wukongs }));
		};
		const framed = (message: Message) =>
			createEnvelope(0, toBinary(ListWukongsResponseSchema, message as never));

		test("is kept so where it is large: no call copies it, nor does one without the frame", () => {
			const { encoder, encodings } = open(contract);
			const large = page(100);
			const first = encoder.encodeFramed(ListWukongsResponseSchema, large, framing);
			expect(first).toEqual(framed(large));
			expect(encoder.encodeFramed(ListWukongsResponseSchema, large, framing)).toBe(first);
			const bare = encoder.encode(ListWukongsResponseSchema, large, "binary");
			expect(bare.buffer).toBe(first.buffer);
			expect(encodings.filter((one) => one.includes("List"))).toHaveLength(1);
		});

		test("is kept without it where it is small, whoever comes first", () => {
			const { encoder, encodings } = open(contract);
			const small = page(1);
			for (let call = 0; call < 2; call++) {
				expect(encoder.encodeFramed(ListWukongsResponseSchema, small, framing)).toEqual(
					framed(small),
				);
			}
			const bare = encoder.encode(ListWukongsResponseSchema, small, "binary");
			expect(bare).toEqual(Buffer.from(toBinary(ListWukongsResponseSchema, small)));
			expect(bare.buffer.byteLength).toBe(bare.byteLength);
			expect(encodings.filter((one) => one.includes("List"))).toHaveLength(1);
		});

		test("says what it says now where it may still change", () => {
			const { encoder } = open(contract);
			const changing = create(ListWukongsResponseSchema, { wukongs: page(100).wukongs });
			const before = Buffer.from(
				encoder.encodeFramed(ListWukongsResponseSchema, changing, framing),
			);
			changing.nextPageToken = "more";
			const after = encoder.encodeFramed(ListWukongsResponseSchema, changing, framing);
			expect(after).not.toEqual(before);
			expect(after).toEqual(framed(changing));
		});
	});

	test("that may still change is encoded anew", () => {
		const { encoder, encodings } = open(contract);
		const wukong = create(WukongSchema, { name: "before" });
		encoder.encode(WukongSchema, wukong, "json");
		wukong.name = "after";
		expect(encoder.encode(WukongSchema, wukong, "json").toString()).toContain("after");
		expect(encodings).toEqual([]);
	});

	test("of a type that nobody named is encoded anew", () => {
		const { encoder, encodings } = open([]);
		const wukong = frozen();
		const [first, second] = [0, 1].map(() => encoder.encode(WukongSchema, wukong, "json"));
		expect(first).not.toBe(second);
		expect(encodings).toEqual([]);
	});
});

describe("messages in one go", () => {
	const events = ["1", "2", "3"].map((resourceVersion) =>
		Object.freeze(create(WukongEventSchema, { resourceVersion })),
	);

	test.each(["json", "binary"] as const)(
		"are their envelopes, one behind the other: %s",
		(form) => {
			const { encoder } = open(contract);
			const each = events.map((event) =>
				createEnvelope(0, encoder.encode(WukongEventSchema, event, form)),
			);
			expect(encoder.encodeBatch(WukongEventSchema, events, envelopeFraming[form])).toEqual(
				Buffer.concat(each),
			);
			expect(
				encoder.encodeBatch(WukongEventSchema, events.slice(1), envelopeFraming[form]),
			).toEqual(Buffer.concat(each.slice(1)));
		},
	);

	test("share their bytes among streams of one form", () => {
		const { encoder } = open(contract);
		const slice = Object.freeze([...events]);
		const take = (form: Codec) =>
			encoder.encodeBatch(WukongEventSchema, slice, envelopeFraming[form]);
		const [json, binary] = [take("json"), take("binary")];
		expect(take("binary")).toBe(binary);
		expect(json).not.toEqual(binary);
		expect(take("json")).toEqual(json);
	});

	test("that may still change are encoded anew", () => {
		const { encoder } = open(contract);
		const changing = [create(WukongEventSchema), create(WukongEventSchema)];
		encoder.encodeBatch(WukongEventSchema, changing, envelopeFraming.json);
		for (const event of changing) event.resourceVersion = "later";
		expect(
			encoder.encodeBatch(WukongEventSchema, changing, envelopeFraming.json).toString(),
		).toContain("later");
	});
});
