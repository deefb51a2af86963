import { isUtf8 } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import {
	createRegistry,
	type DescMessage,
	fromBinary,
	fromJsonString,
	type JsonValue,
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
import { type Decoded, decode } from "../../../../server/src/transport/direct/decoder.ts";
import { findJsonFault, wrongType } from "../../../../server/src/transport/direct/fault-finder.ts";
import type { Form } from "../../../../server/src/transport/direct/form.ts";
import { findWireFault } from "../../../../server/src/transport/wire-check.ts";
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
const seed = Number(process.env.WUKONG_TEST_SEED ?? Date.now() % 2 ** 31);

/** What protobuf-es makes of the bytes, or the violation to tell. */
function plainly(schema: DescMessage, bytes: Buffer, form: Form): unknown {
	const fault = form === "binary" ? findWireFault(schema, bytes, 10_000) : undefined;
	if (fault !== undefined) return { field: fault.field, description: wrongType };
	if (form === "json" && !isUtf8(bytes)) return { field: "", description: "is not UTF-8" };
	const text = bytes.toString().replace(/^\ufeff/, "");
	try {
		return form === "binary"
			? fromBinary(schema, bytes, { readUnknownFields: false })
			: fromJsonString(schema, text, { registry });
	} catch {
		if (form === "binary") {
			return { field: "", description: "is not a message in protobuf's binary form" };
		}
		const json = parse(text);
		if (json === undefined) return { field: "", description: "is not JSON" };
		return findJsonFault(schema, json, registry);
	}
}

function parse(text: string): JsonValue | undefined {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function outcome(decoded: Decoded): unknown {
	return "message" in decoded ? decoded.message : decoded.refusal.violations?.[0];
}

function expectTheSame(schema: DescMessage, bytes: Buffer, form: Form): void {
	const meant = plainly(schema, bytes, form);
	const seen = outcome(decode(schema, bytes, { form, registry }));
	// Prototypes, own properties and the sign of zero count.
	if (!isDeepStrictEqual(seen, meant)) expect(seen).toStrictEqual(meant);
	expect(isDeepStrictEqual(seen, meant)).toBe(true);
}

const requests = WukongService.methods.map(({ input }) => input);
const generated = [holder, part, ...createScalarsSchemas(), ...requests];
/** Known by name to whoever writes JSON. */
const wellKnown = [
	...[AnySchema, BoolValueSchema, DurationSchema, EmptySchema, FieldMaskSchema, TimestampSchema],
	...[Int32ValueSchema, ListValueSchema, StringValueSchema, StructSchema, ValueSchema],
	FileDescriptorProtoSchema,
];

describe(`a request is decoded as protobuf-es does, or refused where it does (seed ${seed})`, () => {
	const expectAll = (form: Form, schema: DescMessage, bytes: fc.Arbitrary<Buffer>) =>
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
});
