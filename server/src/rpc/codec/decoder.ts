import { isUtf8 } from "node:buffer";
import { type DescMessage, fromBinary, type Registry } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../failure.ts";
import type { Refusal } from "../refusals.ts";
import { badRequest, requestTooLarge } from "../refusals.ts";
import type { Decoded, Decoder } from "./codec.ts";
import { JsonFault } from "./json/json-fault.ts";
import { createJsonReader } from "./json/json-reader.ts";
import { maxPlainBytes, readPlainBinary } from "./plain-binary.ts";
import { findWireFault, type WireFault } from "./wire-fault.ts";

/** Options of a decoder. */
export interface DecoderOptions {
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	/** Most entries in all lists and maps of a message, in either codec. Default: 10,000. */
	readonly maxEntries?: number;
}

/** A million entries, which fit into 2 MiB, would hold up every other call for a second. */
const defaultMaxEntries = 10_000;

const binaryRules = { readUnknownFields: false } as const;

/** U+FEFF, which some editors put before a text (RFC 8259, 8.1: a parser may pass over it). */
const byteOrderMark = 0xfeff;

/** Longest field path in an error, in characters. */
const maxPathLength = 256;

/** Creates the decoder of all requests. */
export function createDecoder({
	registry,
	maxEntries = defaultMaxEntries,
}: DecoderOptions): Decoder {
	const json = createJsonReader({ registry, maxEntries });

	function decodeBinary(schema: DescMessage, bytes: Buffer): Decoded {
		const plain = bytes.byteLength > maxPlainBytes ? undefined : readPlainBinary(schema, bytes);
		if (plain !== undefined) return { message: plain };
		const fault = findWireFault(schema, bytes, maxEntries);
		if (fault !== undefined) return { refusal: refusalOfWire(fault, maxEntries) };
		try {
			return { message: fromBinary(schema, bytes, binaryRules) };
		} catch {
			// Of text that is not UTF-8.
			return { refusal: noMessage };
		}
	}

	function readJson<T>(given: Buffer | string, read: (text: string) => T): T | Refusal {
		if (typeof given !== "string" && !isUtf8(given)) return noUtf8;
		const text = given.toString();
		const isMarked = text.charCodeAt(0) === byteOrderMark;
		try {
			return read(isMarked ? text.slice(1) : text);
		} catch (error) {
			if (!(error instanceof JsonFault)) throw error;
			return refusalOfJson(error, maxEntries);
		}
	}

	function decodeJson(schema: DescMessage, bytes: Buffer): Decoded {
		const read = readJson(bytes, (text): Decoded => ({ message: json.read(schema, text) }));
		return "cause" in read ? { refusal: read } : read;
	}

	return {
		registry,
		decode: (schema, bytes, codec) =>
			codec === "json" ? decodeJson(schema, bytes) : decodeBinary(schema, bytes),
		readField: (field, given, message) =>
			readJson(given, (text) => json.readField(field, text, message)),
		readPatch: (field, bytes, message) =>
			readJson(bytes, (text) => json.readPatch(field, text, message)),
	};
}

const noUtf8 = invalid("the request is not UTF-8", { field: "", description: "is not UTF-8" });

const noMessage = invalid("the request is not a message of this type", {
	field: "",
	description: "is not a message in protobuf's binary form",
});

function refusalOfJson({ kind, field, description }: JsonFault, maxEntries: number): Refusal {
	if (kind === "entries") return tooMany({ field: cut(field), description }, maxEntries);
	if (kind === "syntax") return invalid(`the request ${description}`, { field: "", description });
	return misfit({ field: cut(field), description });
}

function refusalOfWire({ kind, field }: WireFault, maxEntries: number): Refusal {
	switch (kind) {
		case "too_many_entries":
			return tooMany({ field: cut(field), description: "has too many entries" }, maxEntries);
		case "malformed":
			return noMessage;
		case "too_deep":
			return misfit({ field: cut(field), description: "is nested too deeply" });
		case "out_of_range":
			return misfit({ field: cut(field), description: "is out of range" });
		case "wrong_type":
			return misfit({ field: cut(field), description: "is not of the type that this field has" });
	}
}

function tooMany(violation: FieldViolation, maxEntries: number): Refusal {
	const message = `the request is too large; its lists and maps hold at most ${maxEntries} entries in all`;
	return { ...requestTooLarge, message, violations: [violation] };
}

function misfit(violation: FieldViolation): Refusal {
	const { field, description } = violation;
	const where = field === "" ? "the request" : `"${field}"`;
	return invalid(`the request does not fit the contract: ${where} ${description}`, violation);
}

function invalid(message: string, violation: FieldViolation): Refusal {
	return { ...badRequest("protocol", message), violations: [violation] };
}

function cut(path: string): string {
	return path.slice(0, maxPathLength);
}
