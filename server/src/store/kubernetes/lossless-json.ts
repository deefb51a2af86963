import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

declare global {
	/** Source: https://github.com/tc39/proposal-json-parse-with-source */
	interface JSON {
		/** A value that `stringify` writes as `text` says. */
		rawJSON(text: string): object;
		isRawJSON(value: unknown): boolean;
		parse(
			text: string,
			reviver: (key: string, value: JsonValue, context: { readonly source?: string }) => unknown,
		): JsonValue;
	}
}

/** Finds what may be an integer of more digits than a number holds. A match in a text does no harm. */
const manyDigits = /\d{16}/;

/**
 * Parses JSON so that `JSON.stringify` writes every integer as it stood: one that a number cannot
 * hold becomes raw JSON, see `integerJson`. An int64 of a resource must survive an update of
 * something else.
 * @throws SyntaxError
 */
export function parseLosslessJson(text: string): JsonValue {
	return manyDigits.test(text) ? parseWith(integerJson, text) : JSON.parse(text);
}

/** Returns an integer for JSON: a number, or raw JSON where a number cannot hold it. */
export function integerJson(digits: string): JsonValue {
	const number = Number(digits);
	return Number.isSafeInteger(number) ? number : (JSON.rawJSON(digits) as JsonObject);
}

/** Returns the same with raw JSON as texts, as the contract's JSON has 64-bit numbers. */
export function withIntegerTexts(json: JsonObject): JsonObject {
	return parseWith((digits) => digits, JSON.stringify(json)) as JsonObject;
}

function parseWith(readLong: (digits: string) => JsonValue, text: string): JsonValue {
	return JSON.parse(text, (_, value, { source = "" }) =>
		typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
			? readLong(source)
			: value,
	);
}
