import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { JsonFault } from "./json-fault.ts";
import type { JsonText } from "./json-text.ts";
import { skipJsonValue } from "./json-value.ts";

/**
 * Lists the paths that a merge patch names (RFC 7396), in contract names: objects descend, lists
 * and values are whole, maps go key by key, and `null` names what is to be unset. Keys stand in
 * backquotes (AIP-161).
 *
 * @param text of a message that was read without fault
 * @throws JsonFault where a map has a key twice
 */
export function pathsIn(schema: DescMessage, text: JsonText): readonly string[] {
	const paths: string[] = [];
	collect(schema, text, { prefix: "", paths });
	return paths;
}

interface Collection {
	readonly prefix: string;
	readonly paths: string[];
}

function collect(schema: DescMessage, text: JsonText, { prefix, paths }: Collection): void {
	if (!text.openObject()) return;
	do {
		const name = text.takeName();
		const field = fieldCalled(schema, name);
		const path = prefix + field.name;
		if (text.next() === "null") {
			text.takeNull();
			paths.push(path);
		} else if (field.fieldKind === "map") collectKeys(text, { prefix: `${path}.`, paths });
		else if (field.fieldKind === "message" && !hasOwnForm(field.message)) {
			collect(field.message, text, { prefix: `${path}.`, paths });
		} else {
			skipJsonValue(text);
			paths.push(path);
		}
	} while (text.hasMember());
}

function collectKeys(text: JsonText, { prefix, paths }: Collection): void {
	const keys = new Set<string>();
	if (!text.openObject()) return;
	do {
		const key = text.takeName();
		// One of the two may be null, of which the message knows nothing.
		if (keys.has(key)) {
			throw new JsonFault("value", "has a key twice").within(prefix.slice(0, -1));
		}
		keys.add(key);
		paths.push(`${prefix}\`${key}\``);
		skipJsonValue(text);
	} while (text.hasMember());
}

/** A JSON name wins over another field's own name. */
function fieldCalled({ fields, typeName }: DescMessage, name: string): DescField {
	const found =
		fields.find(({ jsonName }) => jsonName === name) ??
		fields.find((candidate) => candidate.name === name);
	if (found === undefined) throw new TypeError(`${typeName} was read with an unknown name`);
	return found;
}

/** Types whose JSON is no object of their fields: they are whole. */
function hasOwnForm(schema: DescMessage): boolean {
	return ownForms.has(schema.typeName) || isWrapperDesc(schema);
}

const ownForms: ReadonlySet<string> = new Set(
	["Any", "Duration", "FieldMask", "ListValue", "Struct", "Timestamp", "Value"].map(
		(name) => `google.protobuf.${name}`,
	),
);
