import { isDeepStrictEqual } from "node:util";
import {
	createRegistry,
	type DescMessage,
	fromBinary,
	fromJsonString,
	type Message,
	toBinary,
	toJson,
} from "@bufbuild/protobuf";
import {
	AnySchema,
	BoolValueSchema,
	DurationSchema,
	EmptySchema,
	FieldMaskSchema,
	FileDescriptorProtoSchema,
	Int32ValueSchema,
	ListValueSchema,
	StringValueSchema,
	StructSchema,
	TimestampSchema,
	ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Codec } from "../../../../server/src/rpc/codec/codec.ts";
import { createDecoder } from "../../../../server/src/rpc/codec/decoder.ts";
import { findWireFault } from "../../../../server/src/rpc/codec/wire-fault.ts";
import { testSeed } from "../../../support/seed.ts";
import { createPartsSchema } from "./parts-schema.ts";
import {
	anyBytes,
	shortBytes,
	soundBytes,
	spelledText,
	strangeMembers,
	strangeText,
	wireFields,
} from "./request-arbitrary.ts";
import { createScalarsSchemas } from "./scalars-schema.ts";

const { holder, part } = createPartsSchema();
const registry = createRegistry(part, DurationSchema);
const decoder = createDecoder({ registry });
const seed = testSeed;

/** What protobuf-es makes of the bytes; undefined: it refuses them. */
function plainly(schema: DescMessage, bytes: Uint8Array): unknown {
	try {
		if (findWireFault(schema, bytes, 10_000) !== undefined) return undefined;
		return fromBinary(schema, bytes, { readUnknownFields: false });
	} catch {
		return undefined;
	}
}

/**
 * Of JSON, only what is made of it: its judge is protobuf-go, in
 * test/conformance/protobuf.conformance.ts.
 */
function expectTheSame(schema: DescMessage, bytes: Buffer, form: Codec): void {
	const decoded = decoder.decode(schema, bytes, form);
	const seen = "message" in decoded ? decoded.message : undefined;
	const same = form === "json" ? rewritten(schema, seen) : bytes;
	if (same === undefined) return;
	const meant = plainly(schema, same);
	// Prototypes and own properties count.
	if (!isDeepStrictEqual(seen, meant)) expect(seen, bytes.toString()).toStrictEqual(meant);
	expect(isDeepStrictEqual(seen, meant), bytes.toString()).toBe(true);
}

/** In binary form; undefined: there is none, or a field is missing that proto2 requires. */
function rewritten(schema: DescMessage, message: Message | undefined): Uint8Array | undefined {
	try {
		return message && toBinary(schema, message);
	} catch {
		return undefined;
	}
}

const requests = WukongService.methods.map(({ input }) => input);
const generated = [holder, part, ...createScalarsSchemas(), ...requests];
/** Known by name to whoever writes JSON. */
const wellKnown = [
	...[AnySchema, BoolValueSchema, DurationSchema, EmptySchema, FieldMaskSchema, TimestampSchema],
	...[Int32ValueSchema, ListValueSchema, StringValueSchema, StructSchema, ValueSchema],
	FileDescriptorProtoSchema,
];

describe(`a request that is taken is decoded as protobuf-es does (seed ${seed})`, () => {
	const expectAll = (form: Codec, schema: DescMessage, bytes: fc.Arbitrary<Buffer>) =>
		fc.assert(
			fc.property(bytes, (one) => expectTheSame(schema, one, form)),
			{ seed, numRuns: 200 },
		);

	test.each(generated)("made-up $typeName", (schema) => {
		const text = fc.oneof({ weight: 3, arbitrary: spelledText(schema, registry) }, strangeText);
		expectAll("json", schema, anyBytes(text));
		expectAll("binary", schema, anyBytes(fc.oneof(soundBytes(schema), wireFields(schema))));
	});

	test.each(wellKnown)("made-up $typeName", (schema) => {
		expectAll("json", schema, anyBytes(strangeText));
		expectAll("binary", schema, anyBytes(wireFields(schema)));
	});

	test.each([...generated, ...wellKnown])("$typeName of one field", (schema) => {
		for (const text of strangeMembers(schema)) expectTheSame(schema, Buffer.from(text), "json");
		for (const bytes of shortBytes) expectTheSame(schema, bytes, "binary");
	});

	// Of the others, two fields share a name, or one is required.
	test.each([part, ...requests])(
		"what protobuf-es writes of $typeName in JSON is taken",
		(schema) => {
			fc.assert(
				fc.property(soundBytes(schema), (bytes) => {
					const message = fromBinary(schema, bytes);
					const text = JSON.stringify(toJson(schema, message, { registry }));
					const decoded = decoder.decode(schema, Buffer.from(text), "json");
					expect("message" in decoded && decoded.message, text).toStrictEqual(
						fromJsonString(schema, text, { registry }),
					);
				}),
				{ seed, numRuns: 200 },
			);
		},
	);
});
