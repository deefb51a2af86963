import {
	create,
	type DescField,
	type DescMessage,
	type Message,
	ScalarType,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";

/** Longer messages are checked whole before any of their fields is made, in bytes. */
export const maxPlainBytes = 1_024;

/** Stands in decoded text for bytes that are not UTF-8. */
const replacement = "\ufffd";

/**
 * Reads a message of plain fields with small numbers and short texts: what most requests are, in
 * one pass. Makes what protobuf-es makes; undefined where that is to decide, be it to refuse.
 */
export function readPlainBinary(schema: DescMessage, bytes: Buffer): Message | undefined {
	const fields = fieldsOf(schema);
	const message = create(schema) as Message & Record<string, unknown>;
	for (let at = 0; at < bytes.byteLength; ) {
		const field = fields[bytes[at] as number];
		// Of one byte: it is the value, or the length of a text.
		const number = bytes[at + 1] ?? 0xff;
		if (field === undefined || number > 0x7f) return undefined;
		at += 2;
		let value: unknown = number;
		if (field.type === "boolean") value = number !== 0;
		else if (field.type === "string") {
			const end = at + number;
			const text = bytes.toString("utf8", at, end);
			if (end > bytes.byteLength || text.includes(replacement)) return undefined;
			value = text;
			at = end;
		}
		message[field.desc.localName] = value;
	}
	return message;
}

const known = new WeakMap<DescMessage, readonly (PlainField | undefined)[]>();

/** Lists fields by tags of one byte, which name the wire type, too. */
function fieldsOf(schema: DescMessage): readonly (PlainField | undefined)[] {
	let fields = known.get(schema);
	if (fields === undefined) {
		const byTag: (PlainField | undefined)[] = Array(0x80).fill(undefined);
		for (const field of plainFieldsOf(schema)) {
			const wireType = field.type === "string" ? WireType.LengthDelimited : WireType.Varint;
			const tag = field.desc.number * 8 + wireType;
			if (tag < byTag.length) byTag[tag] = field;
		}
		known.set(schema, byTag);
		fields = byTag;
	}
	return fields;
}

/** A field with one value that JavaScript has a type for, and no choice between fields. */
interface PlainField {
	readonly desc: DescField;
	readonly type: "string" | "boolean" | "int32";
}

/** The fields of a message type that most small requests have, and no others. */
function plainFieldsOf(schema: DescMessage): PlainField[] {
	return schema.fields.flatMap((desc) => {
		const isAlone = desc.fieldKind === "scalar" && desc.oneof === undefined;
		const type = isAlone ? plainTypes.get(desc.scalar) : undefined;
		return type === undefined ? [] : [{ desc, type }];
	});
}

const plainTypes: ReadonlyMap<ScalarType, PlainField["type"]> = new Map([
	[ScalarType.STRING, "string"],
	[ScalarType.BOOL, "boolean"],
	[ScalarType.INT32, "int32"],
]);
