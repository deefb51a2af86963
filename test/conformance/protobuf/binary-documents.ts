import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Pick } from "./picks.ts";

/** A varint of any 64 bits, in as few bytes as it needs, or in more of them. */
function varint(value: bigint, padding = 0): number[] {
	const bytes: number[] = [];
	let rest = BigInt.asUintN(64, value);
	do {
		bytes.push(Number(rest & 0x7fn));
		rest >>= 7n;
	} while (rest > 0n);
	for (let count = 0; count < padding; count++) bytes.push(0);
	return bytes.map((byte, index) => (index < bytes.length - 1 ? byte | 0x80 : byte));
}

function anyVarint({ is, oneOf, upTo }: Pick): number[] {
	if (is(0.03))
		return Array.from({ length: oneOf([9, 10, 11, 12]) }, (_, at) =>
			at < 8 || is(0.5) ? 0xff : upTo(3),
		);
	const value = oneOf([
		...[
			0n,
			1n,
			2n,
			127n,
			128n,
			2n ** 31n - 1n,
			2n ** 31n,
			2n ** 32n - 1n,
			2n ** 32n,
			2n ** 32n + 1n,
		],
		...[
			2n ** 63n - 1n,
			2n ** 63n,
			2n ** 64n - 1n,
			-1n,
			-(2n ** 31n),
			-(2n ** 31n) - 1n,
			BigInt(upTo(300)),
		],
	]);
	return varint(value, is(0.1) ? upTo(4) : 0);
}

function tag(number: number, wireType: number, { is, oneOf, upTo }: Pick): number[] {
	if (is(0.01))
		return varint(oneOf([0n, 7n, 2n ** 32n + 8n, 2n ** 32n - 8n, 2n ** 35n, 2n ** 64n - 6n]));
	return varint(BigInt(number * 8 + wireType), is(0.02) ? upTo(3) : 0);
}

function withLength(content: readonly number[], { is, oneOf }: Pick): number[] {
	const wrong = is(0.02) ? oneOf([1n, -1n, 2n ** 32n, 2n ** 31n, 2n ** 63n, 5n]) : 0n;
	const length = BigInt(content.length) + wrong;
	return [...varint(length < 0n ? 0n : length, is(0.02) ? 2 : 0), ...content];
}

/** Some of a message's fields, of other types now and then, cut or changed now and then. */
export function messageBytes(schema: DescMessage, pick: Pick, depth = 0): number[] {
	const { is, oneOf, upTo } = pick;
	const bytes: number[] = [];
	for (let count = depth > 3 ? 0 : upTo(3); count > 0; count--) {
		if (is(0.1) || schema.fields.length === 0) bytes.push(...unknownField(pick, 0));
		else bytes.push(...fieldBytes(oneOf(schema.fields), pick, depth));
	}
	if (is(0.01)) return bytes.slice(0, upTo(bytes.length));
	if (is(0.01) && bytes.length > 0) bytes[upTo(bytes.length - 1)] = upTo(255);
	return bytes;
}

/** Of a number that no type here has. */
function unknownField(pick: Pick, depth: number): number[] {
	const { is, oneOf, upTo } = pick;
	const number = oneOf([999, 2_000, 2 ** 29 - 1]);
	const wireType = is(0.05) ? upTo(7) : oneOf([0, 1, 2, 3, 5]);
	return [...tag(number, wireType, pick), ...wireValue(wireType, number, pick, depth)];
}

function wireValue(wireType: number, number: number, pick: Pick, depth: number): number[] {
	const { is, upTo } = pick;
	switch (wireType) {
		case 0:
			return anyVarint(pick);
		case 1:
			return Array.from({ length: 8 }, () => upTo(255));
		case 2:
			return withLength(
				Array.from({ length: upTo(4) }, () => 0x61 + upTo(20)),
				pick,
			);
		case 3: {
			const inner =
				depth > 3 ? [] : Array.from({ length: upTo(2) }, () => unknownField(pick, depth + 1));
			const end = is(0.05) ? [] : tag(is(0.05) ? number + 1 : number, 4, pick);
			return [...inner.flat(), ...end];
		}
		case 5:
			return Array.from({ length: 4 }, () => upTo(255));
		default:
			return [];
	}
}

function fieldBytes(field: DescField, pick: Pick, depth: number): number[] {
	const { is, upTo } = pick;
	const { number, fieldKind } = field;
	if (is(0.02)) {
		const wireType = upTo(7);
		return [...tag(number, wireType, pick), ...wireValue(wireType, number, pick, 0)];
	}
	if (fieldKind === "map") {
		const parts = [
			...(is(0.9)
				? [[...tag(1, wireTypeOf(field.mapKey), pick), ...scalarBytes(field.mapKey, pick)]]
				: []),
			...(is(0.9) ? [oneBytes(field, 2, pick, depth)] : []),
			...(is(0.05) ? [unknownField(pick, 0)] : []),
		];
		return [
			...tag(number, 2, pick),
			...withLength((is(0.1) ? parts.reverse() : parts).flat(), pick),
		];
	}
	const isPackable =
		fieldKind === "list" && field.message === undefined && wireTypeOf(field.scalar) !== 2;
	if (isPackable && is(0.6)) {
		const items = Array.from({ length: upTo(4) }, () => scalarBytes(field.scalar, pick)).flat();
		return [...tag(number, 2, pick), ...withLength(is(0.03) ? items.slice(0, -1) : items, pick)];
	}
	return oneBytes(field, number, pick, depth);
}

type FieldType = Pick2<DescField, "message" | "scalar">;
type Pick2<T, K extends keyof T> = { readonly [P in K]: T[P] };

function oneBytes(
	{ message, scalar }: FieldType,
	number: number,
	pick: Pick,
	depth: number,
): number[] {
	if (message === undefined)
		return [...tag(number, wireTypeOf(scalar), pick), ...scalarBytes(scalar, pick)];
	return [...tag(number, 2, pick), ...withLength(messageBytes(message, pick, depth + 1), pick)];
}

function scalarBytes(scalar: ScalarType | undefined, pick: Pick): number[] {
	const { is, oneOf } = pick;
	const wireType = wireTypeOf(scalar);
	if (wireType !== 2) return wireValue(wireType, 0, pick, 0);
	const text = is(0.05)
		? oneOf([[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]])
		: [...Buffer.from(oneOf(["", "a", "é", "😀", "\0"]))];
	return withLength(text, pick);
}

function wireTypeOf(scalar: ScalarType | undefined): number {
	switch (scalar) {
		case ScalarType.STRING:
		case ScalarType.BYTES:
			return 2;
		case ScalarType.DOUBLE:
		case ScalarType.FIXED64:
		case ScalarType.SFIXED64:
			return 1;
		case ScalarType.FLOAT:
		case ScalarType.FIXED32:
		case ScalarType.SFIXED32:
			return 5;
		default:
			return 0;
	}
}
