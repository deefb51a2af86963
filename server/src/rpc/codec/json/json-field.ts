import type { DescField, DescMessage, DescOneof, Message } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { JsonFault, refuse, within } from "./json-fault.ts";
import {
	createEnumReader,
	createMapKeyReader,
	createScalarReader,
	type ReadValue,
} from "./json-scalar.ts";
import type { JsonText } from "./json-text.ts";
import { readJsonValue, setOwn } from "./json-value.ts";

/** Reads messages of one type. */
export interface MessageReader {
	/** The type has a JSON form of its own, which an Any holds as its `value`. */
	readonly isWellKnown: boolean;
	/**
	 * Steps over one message and makes it; undefined in a trial.
	 *
	 * @param isInAny the name `@type` is no field's, and passed over
	 * @throws JsonFault
	 */
	read(text: JsonText, isInAny?: boolean): Message | undefined;
}

/** Finds the one reader of a type. */
export type ReaderOf = (schema: DescMessage) => MessageReader;

/** The message that fields are put into; undefined in a trial. */
type Target = { [name: string]: unknown } | undefined;

/** Reads one field's value. */
export interface FieldReader {
	/** Contract name. */
	readonly name: string;
	/** Bit of the field in a set of fields; 0: the set has no room for it. */
	readonly bit: number;
	/** `null` is a value like others, and does not mean that the field is not given. */
	readonly takesNull: boolean;
	/** The oneof that the field belongs to. */
	readonly oneof: DescOneof | undefined;
	/** Steps over the value and puts what it says into the message. */
	read(text: JsonText, message: Target): void;
}

/** Creates the reader of a field. */
export function createFieldReader(desc: DescField, bit: number, readerOf: ReaderOf): FieldReader {
	const { name, oneof } = desc;
	const isPlural = desc.fieldKind === "list" || desc.fieldKind === "map";
	const takesNull =
		!isPlural &&
		(desc.message?.typeName === "google.protobuf.Value" ||
			desc.enum?.typeName === "google.protobuf.NullValue");
	return { name, bit, takesNull, oneof, read: createRead(desc, readerOf) };
}

function createRead(desc: DescField, readerOf: ReaderOf): FieldReader["read"] {
	const { localName } = desc;
	const readValue = createValueReader(desc, readerOf);
	if (desc.fieldKind === "list") return createListRead(localName, readValue);
	if (desc.fieldKind === "map") {
		return createMapRead(localName, createMapKeyReader(desc.mapKey), readValue);
	}
	const isMessage = desc.fieldKind === "message";
	const choice = desc.oneof?.localName;
	return (text, message) => {
		if (isMessage) text.countEntry();
		const value = readValue(text);
		if (message === undefined) return;
		if (choice === undefined) message[localName] = value;
		else message[choice] = { case: localName, value };
	};
}

function createListRead(localName: string, readValue: ReadValue): FieldReader["read"] {
	return (text, message) => {
		if (text.next() !== "list") refuse("a list");
		if (!text.openList()) return;
		const items = message?.[localName] as unknown[] | undefined;
		let index = 0;
		do {
			text.countEntry();
			try {
				const item = readValue(text);
				items?.push(item);
			} catch (error) {
				throw within(error, `[${index}]`);
			}
			index++;
		} while (text.hasItem());
	};
}

function createMapRead(
	localName: string,
	readKey: (name: string) => string,
	readValue: ReadValue,
): FieldReader["read"] {
	return (text, message) => {
		if (text.next() !== "object") refuse("an object");
		if (!text.openObject()) return;
		const entries = message?.[localName] as object | undefined;
		do {
			text.countEntry();
			const key = readKey(text.takeName());
			if (entries !== undefined && Object.hasOwn(entries, key))
				throw new JsonFault("value", "has a key twice");
			if (text.dropsNulls && text.takeNull()) continue;
			let value: unknown;
			try {
				value = readValue(text);
			} catch (error) {
				throw withinEntry(error);
			}
			if (entries !== undefined) setOwn(entries, key, value);
		} while (text.hasMember());
	};
}

/** Puts an error within a map entry; the key is the sender's text and is left out. */
function withinEntry(error: unknown): unknown {
	if (!(error instanceof JsonFault) || error.kind !== "value") return error;
	if (error.field !== "") return error.within("[?]");
	return new JsonFault("value", `has a value that ${error.description}`);
}

/** Creates a reader of what protobuf-es keeps in a field, an item of a list or an entry of a map. */
function createValueReader(desc: DescField, readerOf: ReaderOf): ReadValue {
	if (desc.enum !== undefined) return createEnumReader(desc.enum);
	if (desc.message === undefined) {
		const longAsString = desc.fieldKind !== "map" && desc.longAsString;
		return createScalarReader(desc.scalar as NonNullable<DescField["scalar"]>, longAsString);
	}
	const schema = desc.message;
	// protobuf-es keeps these as plain objects.
	if (
		schema.typeName === "google.protobuf.Struct" &&
		desc.parent.typeName !== "google.protobuf.Value"
	) {
		return (text) => (text.next() === "object" ? readJsonValue(text) : refuse("an object"));
	}
	const isAlone = desc.fieldKind === "message" && desc.oneof === undefined;
	if (isAlone && isWrapperDesc(schema)) {
		const [{ scalar, longAsString }] = schema.fields;
		return createScalarReader(scalar, longAsString);
	}
	return (text) => readerOf(schema).read(text);
}
