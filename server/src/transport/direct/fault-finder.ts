import {
	type DescField,
	type DescMessage,
	fromJson,
	type JsonValue,
	type Registry,
} from "@bufbuild/protobuf";
import type { FieldViolation } from "../../failure.ts";

/** Of a violation: the value of a field cannot be what it stands for. */
export const wrongType = "is not of the type that this field has";

/** Longest path that is told, in characters. */
const maxPathLength = 256;

/** Nesting that is looked into; the fault is told at this depth at the latest. */
const maxDepth = 16;

/**
 * Which field a JSON message cannot be decoded for: the decoder's own words quote what was sent,
 * credentials too. Tries each member by itself, and goes into the one at fault.
 */
export function findJsonFault(
	schema: DescMessage,
	json: JsonValue,
	registry: Registry,
): FieldViolation {
	return faultIn({ schema, json, path: "", depth: 0, registry });
}

interface Place {
	readonly schema: DescMessage;
	readonly json: JsonValue;
	/** Contract name from the request's root; empty at the root. */
	readonly path: string;
	readonly depth: number;
	readonly registry: Registry;
}

function faultIn(place: Place): FieldViolation {
	const { schema, json, path, depth, registry } = place;
	if (!isObject(json) || schema.typeName.startsWith("google.protobuf.")) {
		return violation(path, wrongType);
	}
	for (const [key, value] of Object.entries(json)) {
		const field = schema.fields.find(({ name, jsonName }) => key === jsonName || key === name);
		if (field === undefined) {
			return violation(join(path, safeName(key)), "this contract has no such field");
		}
		if (isDecodable(schema, { [key]: value }, registry)) continue;
		const there = join(path, field.name);
		if (depth >= maxDepth) return violation(there, "cannot be decoded");
		return faultInField(field, value, { path: there, depth: depth + 1, registry });
	}
	return violation(path, "a field is given twice");
}

function faultInField(
	field: DescField,
	json: JsonValue,
	place: Pick<Place, "path" | "depth" | "registry">,
): FieldViolation {
	if (field.fieldKind === "message") return faultIn({ schema: field.message, json, ...place });
	if (field.fieldKind === "list" && Array.isArray(json) && field.listKind === "message") {
		const schema = field.message;
		const index = json.findIndex((item) => !isDecodable(schema, item, place.registry));
		const item = json[index];
		if (item !== undefined) {
			return faultIn({ ...place, schema, json: item, path: `${place.path}[${index}]` });
		}
	}
	return violation(place.path, wrongType);
}

function isDecodable(schema: DescMessage, json: JsonValue, registry: Registry): boolean {
	try {
		fromJson(schema, json, { ignoreUnknownFields: false, registry });
		return true;
	} catch {
		return false;
	}
}

function isObject(json: JsonValue): json is { [key: string]: JsonValue } {
	return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** A name that the contract lacks is the sender's text: told only where it looks like one. */
function safeName(key: string): string {
	return /^\w{1,64}$/.test(key) ? key : "?";
}

function join(path: string, name: string): string {
	return path === "" ? name : `${path}.${name}`;
}

function violation(path: string, description: string): FieldViolation {
	return { field: path.slice(0, maxPathLength), description };
}
