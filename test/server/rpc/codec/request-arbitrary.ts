import { type DescMessage, type Registry, ScalarType, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { mutated } from "../../../fuzz/target.ts";
import { bytesField, numberField } from "../../../hostile/wire-bytes.ts";
import { createSeededRandom } from "../../../support/seeded-random.ts";
import { spell, strangeValues } from "./json-spelling.ts";
import { anyMessage } from "./message-arbitrary.ts";

/** Texts that are no sound message of most types, or sound in a way that few write. */
export const strangeText = fc.oneof(
	fc.constantFrom(
		...["", "{", "{}x", "{}", '{"size":1}{', "[[]]"],
		...['\ufeff{"size":1}', '\ufeff\ufeff{"size":1}'],
		// What counting colons cannot tell.
		'{"fullName":"a","fullName":"\\u003a"}',
		...[240, 260].map((depth) => `{"size":${"[".repeat(depth)}${"]".repeat(depth)}}`),
	),
	fc.constantFrom(...strangeValues),
	fc.json({ maxDepth: 3 }),
);

/** Each field of a type alone, with each strange value. */
export function strangeMembers({ fields }: DescMessage): string[] {
	const names = fields.flatMap(({ name, jsonName }) => [name, jsonName]);
	return names.flatMap((name) => strangeValues.map((value) => `{"${name}":${value}}`));
}

/** Each tag of one byte, with values and lengths at the edges, and too little or too much behind. */
export const shortBytes: readonly Buffer[] = Array.from({ length: 256 }, (_, tag) =>
	[[], [0], [1], [2], [64], [127], [128], [128, 1]].flatMap((value) =>
		["", "a", "é", "a".repeat(128)].map((text) =>
			Buffer.concat([Buffer.from([tag, ...value]), Buffer.from(text)]),
		),
	),
).flat();

/** A message in JSON form, in any spelling, and now and then with faults. */
export function spelledText(schema: DescMessage, registry: Registry): fc.Arbitrary<string> {
	return fc
		.tuple(anyMessage(schema), fc.nat())
		.map(([message, nat]) => spell(toJson(schema, message, { registry }), createSeededRandom(nat)));
}

/** A message in binary form, or two that are merged. */
export function soundBytes(schema: DescMessage): fc.Arbitrary<Uint8Array> {
	const one = anyMessage(schema).map((message) => toBinary(schema, message));
	return fc.oneof(
		one,
		fc.tuple(one, one).map((both) => Buffer.concat(both)),
	);
}

const number = fc.oneof(fc.nat(300), fc.bigInt({ min: -(2n ** 33n), max: 2n ** 64n - 1n }));
const content = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.uint8Array());

/** A few fields of a type, most of them as they should be. */
export function wireFields({ fields }: DescMessage): fc.Arbitrary<Uint8Array> {
	const known = fields.map(({ number, scalar, message }) => {
		const hasLength =
			message !== undefined || scalar === ScalarType.STRING || scalar === ScalarType.BYTES;
		return [number, hasLength] as const;
	});
	const one = fc
		.tuple(fc.constantFrom(...known, [0, false] as const, [17, true] as const), number, content)
		.map(([[field, hasLength], value, text]) =>
			hasLength ? bytesField(field, text) : numberField(field, value),
		);
	return fc.array(one, { maxLength: 3 }).map((parts) => Buffer.concat(parts));
}

/** As they are, or with a few bytes changed. */
export const anyBytes = (sound: fc.Arbitrary<string | Uint8Array>) => {
	const bytes = sound.map((one) => Buffer.from(one as string));
	return fc.oneof(bytes, mutated(bytes)).map((one) => Buffer.from(one));
};
