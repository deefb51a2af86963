import { isUtf8 } from "node:buffer";
import {
	type DescMessage,
	fromBinary,
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

/** What decoding needs to know. */
export interface DecodeOptions {
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
}

/** A request message, or why it is none. */
export type Decoded = { readonly message: Message } | { readonly refusal: Refusal };

/** Entries in all lists and maps of a message in binary form: a million of them cost half a second. */
const maxWireEntries = 10_000;

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
	const fault = findWireFault(schema, bytes, maxWireEntries);
	if (fault?.kind === "too_many_entries") {
		const violations = [{ field: fault.field, description: "has too many entries" }];
		return { refusal: { ...requestTooLarge, violations } };
	}
	if (fault !== undefined) return misfit({ field: fault.field, description: wrongType });
	try {
		return { message: fromBinary(schema, bytes, { readUnknownFields: false }) };
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
	try {
		return { message: fromJsonString(schema, text, { ignoreUnknownFields: false, registry }) };
	} catch {
		const json = parse(text);
		if (json === undefined) {
			return invalid("the request is not JSON", { field: "", description: "is not JSON" });
		}
		return misfit(findJsonFault(schema, json, registry));
	}
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
		refusal: { ...badRequest("protocol", message), inProtocol: true, violations: [violation] },
	};
}
