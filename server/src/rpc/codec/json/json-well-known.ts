import {
	create,
	type DescMessage,
	fromJson,
	type Message,
	type Registry,
	toBinary,
} from "@bufbuild/protobuf";
import { AnySchema, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { JsonFault, refuse } from "./json-fault.ts";
import type { MessageReader, ReaderOf } from "./json-field.ts";
import { createScalarReader } from "./json-scalar.ts";
import { readDuration, readFieldMask, readTimestamp } from "./json-string-types.ts";
import type { JsonText } from "./json-text.ts";
import { readJsonValue, skipJsonValue } from "./json-value.ts";

/** What readers of types that hold others need. */
export interface WellKnownContext {
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	readonly readerOf: ReaderOf;
}

/** Creates the reader of a type with a JSON form of its own; undefined: it has none. */
export function createWellKnownReader(
	schema: DescMessage,
	context: WellKnownContext,
): MessageReader["read"] | undefined {
	switch (schema.typeName) {
		case "google.protobuf.Timestamp":
			return readTimestamp;
		case "google.protobuf.Duration":
			return readDuration;
		case "google.protobuf.FieldMask":
			return readFieldMask;
		case "google.protobuf.Any":
			return createAnyReader(context);
		case "google.protobuf.Struct":
			return createJsonValueReader(schema, "object");
		case "google.protobuf.ListValue":
			return createJsonValueReader(schema, "list");
		case "google.protobuf.Value":
			return createJsonValueReader(schema, undefined);
		default:
			return isWrapperDesc(schema) ? createWrapperReader(schema) : undefined;
	}
}

/** Creates a reader of JSON that is data: counted and sound, protobuf-es only puts it into messages. */
function createJsonValueReader(
	schema: DescMessage,
	kind: "object" | "list" | undefined,
): MessageReader["read"] {
	// protobuf-es counts depth in another way; what was read is not too deep.
	const rules = { recursionLimit: 1_000 };
	return (text) => {
		if (kind !== undefined && text.next() !== kind)
			refuse(kind === "list" ? "a list" : "an object");
		const json = readJsonValue(text);
		return text.isTrial ? undefined : fromJson(schema, json, rules);
	};
}

function createWrapperReader(schema: Parameters<typeof isWrapperDesc>[0]): MessageReader["read"] {
	const [field] = schema.fields;
	if (field?.fieldKind !== "scalar") throw new TypeError(`${schema.typeName} wraps no scalar`);
	const readValue = createScalarReader(field.scalar, field.longAsString);
	return (text) => {
		const value = readValue(text);
		return text.isTrial ? undefined : Object.assign(create(schema), { value });
	};
}

/** Creates a reader of a message of any type, with `@type` among its names, or with its own JSON form as `value`. */
function createAnyReader({ registry, readerOf }: WellKnownContext): MessageReader["read"] {
	return (text) => {
		if (text.next() !== "object") refuse("an object");
		const typeUrl = text.lookAhead(() => typeUrlIn(text));
		if (typeUrl === undefined) {
			text.openObject();
			return create(AnySchema);
		}
		const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
		if (schema === undefined) return refuse("of a type that is known here");
		const reader = readerOf(schema);
		const message =
			reader.isWellKnown || schema.typeName === emptyType
				? readWellKnownIn(text, reader, schema)
				: reader.read(text, true);
		if (message === undefined) return undefined;
		return create(AnySchema, { typeUrl, value: toBinary(schema, message) });
	};
}

const emptyType = "google.protobuf.Empty";

/** Reads the type URL; undefined: the object is empty. */
function typeUrlIn(text: JsonText): string | undefined {
	if (!text.openObject()) return undefined;
	do {
		if (text.takeName() !== "@type") {
			skipJsonValue(text);
			continue;
		}
		return text.takeString() || refuse('an object whose "@type" is a string');
	} while (text.hasMember());
	return refuse('an object with "@type"');
}

function readWellKnownIn(
	text: JsonText,
	reader: MessageReader,
	schema: DescMessage,
): Message | undefined {
	const seen = new Set<string>();
	let message: Message | undefined;
	text.openObject();
	do {
		const name = text.takeName();
		if (seen.has(name)) throw new JsonFault("value", "has a name twice");
		seen.add(name);
		if (name === "@type") text.takeString();
		else if (name === "value") message = reader.read(text);
		else refuse('an object of "@type" and "value"');
	} while (text.hasMember());
	if (seen.has("value")) return message;
	return schema.typeName === emptyType
		? create(schema)
		: refuse('an object of "@type" and "value"');
}
