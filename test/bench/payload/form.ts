import {
	create,
	type DescMessage,
	fromBinary,
	fromJsonString,
	type MessageInitShape,
	type MessageShape,
	toBinary,
	toJsonString,
} from "@bufbuild/protobuf";

/** How messages are written. */
export type Form = "json" | "binary";

/** Bytes of a message, given as a message or by its fields. */
export function encode<D extends DescMessage>(
	schema: D,
	fields: MessageInitShape<D>,
	form: Form,
): Buffer {
	const message = create(schema, fields);
	return Buffer.from(form === "json" ? toJsonString(schema, message) : toBinary(schema, message));
}

/** @throws Error where the bytes are no such message */
export function decode<D extends DescMessage>(
	schema: D,
	bytes: Uint8Array,
	form: Form,
): MessageShape<D> {
	return form === "json"
		? fromJsonString(schema, Buffer.from(bytes).toString())
		: fromBinary(schema, bytes);
}
