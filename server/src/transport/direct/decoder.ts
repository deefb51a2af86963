import { isUtf8 } from "node:buffer";
import {
	type DescMessage,
	fromBinary,
	fromJson,
	fromJsonString,
	type JsonValue,
	type Message,
	type Registry,
} from "@bufbuild/protobuf";
import type { FieldViolation } from "../../failure.ts";
import type { Refusal } from "../refusal.ts";
import { badRequest, requestTooLarge } from "../refusal-kinds.ts";
import { findWireFault } from "../wire-check.ts";
import { findJsonFault, wrongType } from "./fault-finder.ts";
import type { Form } from "./form.ts";
import { hasKeysOnce } from "./json-keys.ts";
import { readPlainBinary } from "./plain-binary.ts";
import { readPlainJson } from "./plain-json.ts";

/** What decoding needs to know. */
export interface DecodeOptions {
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
}

/** A request message, or why it is none. */
export type Decoded = { readonly message: Message } | { readonly refusal: Refusal };

/** Entries in all lists and maps of a message in binary form: a million of them cost half a second. */
const maxWireEntries = 10_000;

const binaryRules = { readUnknownFields: false } as const;

const byteOrderMark = "\ufeff";

/**
 * Decodes a request. JSON names that the contract lacks, and text that is not UTF-8, are refused:
 * read leniently, a misspelt `validateOnly` would delete. What is refused is told in our own words.
 */
export function decode(
	schema: DescMessage,
	bytes: Buffer,
	options: DecodeOptions & { readonly form: Form },
): Decoded {
	return options.form === "json" ? decodeJson(schema, bytes, options) : decodeBinary(schema, bytes);
}

function decodeBinary(schema: DescMessage, bytes: Buffer): Decoded {
	const plain = readPlainBinary(schema, bytes);
	if (plain !== undefined) return { message: plain };
	const fault = findWireFault(schema, bytes, maxWireEntries);
	if (fault?.kind === "too_many_entries") {
		const violations = [{ field: fault.field, description: "has too many entries" }];
		return { refusal: { ...requestTooLarge, violations } };
	}
	if (fault !== undefined) return misfit({ field: fault.field, description: wrongType });
	try {
		return { message: fromBinary(schema, bytes, binaryRules) };
	} catch {
		return invalid("the request is not a message of this type", {
			field: "",
			description: "is not a message in protobuf's binary form",
		});
	}
}

function decodeJson(schema: DescMessage, bytes: Buffer, { registry }: DecodeOptions): Decoded {
	if (!isUtf8(bytes)) {
		return invalid("the request is not UTF-8", { field: "", description: "is not UTF-8" });
	}
	const decoded = bytes.toString();
	const text = decoded.startsWith(byteOrderMark) ? decoded.slice(1) : decoded;
	const json = parse(text);
	if (json === undefined) {
		return invalid("the request is not JSON", { field: "", description: "is not JSON" });
	}
	try {
		return { message: readJson(schema, { text, json }, registry) };
	} catch {
		return misfit(findJsonFault(schema, json, registry));
	}
}

function readJson(
	schema: DescMessage,
	{ text, json }: { readonly text: string; readonly json: JsonValue },
	registry: Registry,
): Message {
	const rules = { ignoreUnknownFields: false, registry };
	// To read the text once more, in search of a key that is given twice, costs as much as the rest.
	return hasKeysOnce(text, json)
		? (readPlainJson(schema, json) ?? fromJson(schema, json, rules))
		: fromJsonString(schema, text, rules);
}

function parse(text: string): JsonValue | undefined {
	try {
		return JSON.parse(text) as JsonValue;
	} catch {
		return undefined;
	}
}

function misfit(violation: FieldViolation): Decoded {
	return invalid("the request does not fit the contract", violation);
}

function invalid(message: string, violation: FieldViolation): Decoded {
	return {
		refusal: { ...badRequest("protocol", message), violations: [violation] },
	};
}
