import {
	create,
	type DescField,
	type DescMessage,
	type JsonValue,
	type Message,
} from "@bufbuild/protobuf";
import { type PlainField, plainFieldsOf } from "./plain-fields.ts";

/**
 * Reads a message of plain fields, under their JSON names and in their usual form: what most
 * requests are, in a fraction of the time. Makes what protobuf-es makes; undefined where that is to
 * decide, be it to refuse.
 *
 * @param json with well-formed strings, as of a text in UTF-8 without `\u`
 */
export function readPlainJson(schema: DescMessage, json: JsonValue): Message | undefined {
	const fields = fieldsOf(schema);
	if (fields === undefined || typeof json !== "object" || json === null || Array.isArray(json)) {
		return undefined;
	}
	const message = create(schema) as Message & Record<string, unknown>;
	for (const key in json) {
		const field = fields.get(key);
		const value = json[key];
		if (field === undefined || !fits(value, field.type)) return undefined;
		message[field.desc.localName] = value;
	}
	return message;
}

function fits(value: JsonValue | undefined, type: PlainField["type"]): boolean {
	return type === "int32"
		? typeof value === "number" && (value | 0) === value
		: typeof value === type;
}

const known = new WeakMap<DescMessage, ReadonlyMap<string, PlainField>>();

/** By JSON name; undefined for types that may have a JSON form of their own. */
function fieldsOf(schema: DescMessage): ReadonlyMap<string, PlainField> | undefined {
	let fields = known.get(schema);
	if (fields === undefined && !schema.typeName.startsWith("google.protobuf.")) {
		fields = toFields(schema);
		known.set(schema, fields);
	}
	return fields;
}

/** One name for each field, so that none is given under two. */
function toFields(schema: DescMessage): ReadonlyMap<string, PlainField> {
	// A name of two fields means the last one: not every descriptor comes from a compiler.
	const meant = new Map<string, DescField>();
	for (const field of schema.fields) meant.set(field.name, field).set(field.jsonName, field);
	const plain = plainFieldsOf(schema).filter(({ desc }) => meant.get(desc.jsonName) === desc);
	return new Map(plain.map((field) => [field.desc.jsonName, field]));
}
