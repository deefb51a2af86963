import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import { JsonFault, refuse } from "./json-fault.ts";
import { endOfNumber, wholeNumber } from "./json-number.ts";
import type { JsonText } from "./json-text.ts";

/** Steps over one value and makes what protobuf-es has for it. */
export type ReadValue = (text: JsonText) => unknown;

/**
 * A reader of one scalar, as ProtoJSON has it (protobuf.dev/programming-guides/json): numbers may
 * stand in quotes and have an exponent, but lose no digit.
 *
 * @param longAsString 64-bit numbers are kept as text
 */
export function createScalarReader(type: ScalarType, longAsString: boolean): ReadValue {
	switch (type) {
		case ScalarType.STRING:
			return (text) => text.takeString() ?? text.refuseNext("a string");
		case ScalarType.BOOL:
			return (text) => text.takeBool() ?? text.refuseNext("true or false");
		case ScalarType.BYTES:
			return (text) => {
				const what = "bytes in base64";
				return bytesOf(text.takeString() ?? text.refuseNext(what)) ?? refuse(what);
			};
		case ScalarType.DOUBLE:
			return (text) => floatOf(text, Number);
		case ScalarType.FLOAT:
			return (text) => floatOf(text, (token) => Math.fround(Number(token)));
		default:
			return createIntegerReader(integerRanges[type], longAsString);
	}
}

/** The key of a map, which JSON writes as a string; as the name of a property. */
export function createMapKeyReader(type: ScalarType): (name: string) => string {
	if (type === ScalarType.STRING) return (name) => name;
	if (type === ScalarType.BOOL) {
		return (name) => (name === "true" || name === "false" ? name : refuseKey("true or false"));
	}
	const { min, max, what } = integerRanges[type as keyof typeof integerRanges];
	const codec = min < 0n ? /^[-+]?[0-9]{1,40}$/ : /^[0-9]{1,40}$/;
	return (name) => {
		const value = codec.test(name) ? BigInt(name.replace("+", "")) : undefined;
		return value !== undefined && value >= min && value <= max ? String(value) : refuseKey(what);
	};
}

/** A reader of an enum's value, by its name or its number. */
export function createEnumReader(desc: DescEnum): ReadValue {
	const numbers = new Map(desc.values.map(({ name, number }) => [name, number]));
	const known = new Set(numbers.values());
	const names = [...numbers.keys()].join(", ");
	const isNull = desc.typeName === "google.protobuf.NullValue";
	return (text) => {
		if (isNull && text.takeNull()) return 0;
		const name = text.takeString();
		if (name !== undefined) return numbers.get(name) ?? refuse(`one of: ${names}`);
		const number = Number(wholeNumber(text.takeNumber() ?? text.refuseNext(`one of: ${names}`)));
		if (number === (number | 0) && (desc.open || known.has(number))) return number;
		return refuse(`one of: ${names}`);
	};
}

const integerRanges = {
	[ScalarType.INT32]: range(-(2n ** 31n), 2n ** 31n - 1n),
	[ScalarType.SINT32]: range(-(2n ** 31n), 2n ** 31n - 1n),
	[ScalarType.SFIXED32]: range(-(2n ** 31n), 2n ** 31n - 1n),
	[ScalarType.UINT32]: range(0n, 2n ** 32n - 1n),
	[ScalarType.FIXED32]: range(0n, 2n ** 32n - 1n),
	[ScalarType.INT64]: range(-(2n ** 63n), 2n ** 63n - 1n),
	[ScalarType.SINT64]: range(-(2n ** 63n), 2n ** 63n - 1n),
	[ScalarType.SFIXED64]: range(-(2n ** 63n), 2n ** 63n - 1n),
	[ScalarType.UINT64]: range(0n, 2n ** 64n - 1n),
	[ScalarType.FIXED64]: range(0n, 2n ** 64n - 1n),
};

interface IntegerRange {
	readonly min: bigint;
	readonly max: bigint;
	/** Description for people. */
	readonly what: string;
}

function range(min: bigint, max: bigint): IntegerRange {
	return { min, max, what: `a whole number from ${min} to ${max}` };
}

function createIntegerReader({ min, max, what }: IntegerRange, longAsString: boolean): ReadValue {
	const is32Bits = max < 2n ** 32n;
	const [least, most] = [Number(min), Number(max)];
	return (text) => {
		const token = text.takeNumber() ?? numberIn(text.takeString() ?? text.refuseNext(what));
		const digits = token === undefined ? undefined : wholeNumber(token);
		if (digits === undefined) return refuse(what);
		if (is32Bits) {
			const number = Number(digits);
			return number >= least && number <= most ? number : refuse(what);
		}
		const number = BigInt(digits);
		if (number < min || number > max) return refuse(what);
		return longAsString ? digits : number;
	};
}

function floatOf(text: JsonText, toFloat: (token: string) => number): number {
	let token = text.takeNumber();
	if (token === undefined) {
		const quoted = text.takeString() ?? text.refuseNext("a number");
		const special = specialFloats.get(quoted);
		if (special !== undefined) return special;
		token = numberIn(quoted);
	}
	const float = token === undefined ? Number.NaN : toFloat(token);
	return Number.isFinite(float) ? float : refuse("a number");
}

const specialFloats: ReadonlyMap<string, number> = new Map([
	["NaN", Number.NaN],
	["Infinity", Number.POSITIVE_INFINITY],
	["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** A string that is a number of JSON, and nothing else. */
function numberIn(quoted: string): string | undefined {
	return endOfNumber(quoted, 0) === quoted.length ? quoted : undefined;
}

/** Standard and URL-safe alphabet, but not both in one; with padding or without. */
function bytesOf(base64: string): Uint8Array | undefined {
	let end = base64.length;
	if (end % 4 === 0) {
		if (base64.endsWith("==")) end -= 2;
		else if (base64.endsWith("=")) end -= 1;
	}
	if (end % 4 === 1) return undefined;
	const digits = base64.slice(0, end);
	const isForeign = /[-_]/.test(digits) ? /[^A-Za-z0-9_-]/ : /[^A-Za-z0-9+/]/;
	if (isForeign.test(digits)) return undefined;
	// A piece of Node's pool would be shared with others.
	return new Uint8Array(Buffer.from(digits, "base64"));
}

function refuseKey(what: string): never {
	throw new JsonFault("value", `has a key that is not ${what}`);
}
