import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";

/** Longer keys would cost more to keep than they spare. In UTF-16 units. */
const maxKeyLength = 512;

/**
 * A text that two messages share only if they are equal: for a small message that holds nothing but
 * texts, numbers and flags, as most requests do. undefined for any other.
 */
export function plainKey(schema: DescMessage, message: Message): string | undefined {
	if (!isKeyed(schema)) return undefined;
	const values = message as unknown as Readonly<Record<string, unknown>>;
	let key = schema.typeName;
	for (const { localName } of schema.fields) {
		const value = values[localName];
		if (typeof value === "object") {
			if (Object.keys(value as object).length > 0) return undefined;
		} else {
			// With its length in front, no text reads as the end of one and the start of the next.
			const text = String(value);
			key += `|${text.length}:${text}`;
		}
		if (key.length > maxKeyLength) return undefined;
	}
	return key;
}

const keyed = new Map<DescMessage, boolean>();

/** True where a message's own properties say all of it, and where empty lists and maps are `{}` or `[]`. */
function isKeyed(schema: DescMessage): boolean {
	let known = keyed.get(schema);
	if (known === undefined) {
		known = schema.fields.every(isPlain);
		keyed.set(schema, known);
	}
	return known;
}

function isPlain(field: DescField): boolean {
	if (field.oneof !== undefined) return false;
	if (field.fieldKind === "list" || field.fieldKind === "map") return true;
	// A default that was given and one that was not look alike where presence is told.
	return field.fieldKind !== "message" && field.presence === Presence.IMPLICIT;
}
