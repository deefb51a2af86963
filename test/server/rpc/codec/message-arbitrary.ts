import {
	create,
	type DescField,
	type DescMessage,
	type Message,
	type MessageInitShape,
	ScalarType,
} from "@bufbuild/protobuf";
import {
	DurationSchema,
	FeatureSet_FieldPresence,
	FieldMaskSchema,
	TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

/** Deeper down a message holds what it must, and nothing else. */
const maxDepth = 2;

/** Messages of a type, with any of their fields set; about half of them are frozen. */
export function anyMessage(schema: DescMessage, depth = 0): fc.Arbitrary<Message> {
	const settable = schema.members.filter((member) => depth <= maxDepth || isRequired(member));
	const members = settable.map((member) => {
		const value =
			member.kind === "oneof"
				? fc
						.constantFrom(...member.fields)
						.chain((field) =>
							fieldValue(field, depth).map((chosen) => ({ case: field.localName, value: chosen })),
						)
				: fieldValue(member, depth);
		const set = isRequired(member) ? value : fc.option(value, { nil: undefined });
		return set.map((one) => [member.localName, one]);
	});
	return fc.tuple(fc.boolean(), fc.tuple(...members)).map(([isFrozen, pairs]) => {
		const set = pairs.filter(([, value]) => value !== undefined);
		const message = create(schema, Object.fromEntries(set) as MessageInitShape<DescMessage>);
		return isFrozen ? Object.freeze(message) : message;
	});
}

function isRequired(member: DescMessage["members"][number]): boolean {
	return member.kind === "field" && member.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
	switch (field.fieldKind) {
		case "list":
			return fc.array(singleValue(field, depth), { maxLength: 3 });
		case "map":
			return fc.dictionary(text, singleValue(field, depth), { maxKeys: 3 });
		default:
			return singleValue(field, depth);
	}
}

function singleValue(
	{ message, enum: enumeration, scalar }: Pick<DescField, "message" | "enum" | "scalar">,
	depth: number,
): fc.Arbitrary<unknown> {
	if (message?.typeName === TimestampSchema.typeName) return time;
	if (message?.typeName === DurationSchema.typeName) return duration;
	if (message?.typeName === FieldMaskSchema.typeName) return mask;
	if (message !== undefined) return anyMessage(message, depth + 1);
	if (enumeration !== undefined) {
		return fc.constantFrom(...enumeration.values.map(({ number }) => number));
	}
	return scalarValue(scalar);
}

const text = fc.string({ unit: "grapheme", maxLength: 5 });
const time = fc
	.bigInt({ min: 0n, max: 4_000_000_000n })
	.map((seconds) => create(TimestampSchema, { seconds }));
const duration = fc
	.integer()
	.map((seconds) => create(DurationSchema, { seconds: BigInt(seconds) }));
const mask = fc
	.subarray(["name", "spec.cpu", "spec.os_image"])
	.map((paths) => create(FieldMaskSchema, { paths }));

function scalarValue(scalar: ScalarType | undefined): fc.Arbitrary<unknown> {
	switch (scalar) {
		case ScalarType.STRING:
			return text;
		case ScalarType.BYTES:
			return fc.uint8Array({ maxLength: 5 });
		case ScalarType.BOOL:
			return fc.boolean();
		case ScalarType.INT32:
		case ScalarType.SINT32:
		case ScalarType.SFIXED32:
			return fc.oneof(fc.integer(), fc.integer({ min: -2, max: 70 }));
		case ScalarType.UINT32:
		case ScalarType.FIXED32:
			return fc.nat(2 ** 32 - 1);
		case ScalarType.INT64:
		case ScalarType.SINT64:
		case ScalarType.SFIXED64:
			return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
		case ScalarType.UINT64:
		case ScalarType.FIXED64:
			return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
		case ScalarType.FLOAT:
			return fc.float();
		case ScalarType.DOUBLE:
			return fc.double();
		default:
			throw new Error(`no values are made for scalar ${scalar}`);
	}
}
