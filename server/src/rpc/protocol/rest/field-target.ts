import {
	create,
	type DescField,
	type DescMessage,
	type Message,
	ScalarType,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** A field of a message or of a message within it, or one entry of a map. */
export interface FieldTarget {
	/** Messages from the root down to the field's own. */
	readonly parents: readonly DescField[];
	readonly field: DescField;
	/** undefined: it is no entry of a map. */
	readonly mapKey: string | undefined;
	/** Contract name from the root, without the key. */
	readonly path: string;
}

/** Deepest field that a path names. */
const maxDepth = 32;

/**
 * Resolves a path by contract names or JSON names, as in `wukong.spec.cpu`; an entry of a map is
 * `labels[app]`.
 * @returns what is wrong with it, where it is not found
 */
export function resolveField(schema: DescMessage, path: string): FieldTarget | string {
	const bracket = path.indexOf("[");
	const names = (bracket === -1 ? path : path.slice(0, bracket)).split(".", maxDepth + 1);
	if (names.length > maxDepth) return "is nested too deeply";
	const parents: DescField[] = [];
	let within = schema;
	for (const [index, name] of names.entries()) {
		const field = findField(within, name);
		if (field === undefined) return noSuchField;
		if (index === names.length - 1) {
			return withKey(
				{ parents, field, path: [...parents, field].map((part) => part.name).join(".") },
				path.slice(names.join(".").length),
			);
		}
		if (field.fieldKind !== "message" || hasOwnForm(field.message)) return noSuchField;
		parents.push(field);
		within = field.message;
	}
	return noSuchField;
}

const noSuchField = "this contract has no such field";

function withKey(target: Omit<FieldTarget, "mapKey">, rest: string): FieldTarget | string {
	const isMap = target.field.fieldKind === "map";
	if (rest === "")
		return isMap ? "is a map: name a key, as in name[key]" : { ...target, mapKey: undefined };
	if (!isMap) return noSuchField;
	if (!rest.endsWith("]")) return "is a map: its key ends with a bracket";
	return { ...target, mapKey: rest.slice(1, -1) };
}

/** Finds a field by its JSON name, which wins, or by its own. */
export function findField({ fields }: DescMessage, name: string): DescField | undefined {
	return (
		fields.find(({ jsonName }) => jsonName === name) ??
		fields.find((candidate) => candidate.name === name)
	);
}

/** Checks for a type whose JSON is not an object of its fields. */
export function hasOwnForm(schema: DescMessage): boolean {
	return isText(schema) || isJson(schema) || isWrapperDesc(schema);
}

const textTypes = new Set(["Timestamp", "Duration", "FieldMask"].map(wellKnown));
const jsonTypes = new Set(["Struct", "Value", "ListValue", "Any"].map(wellKnown));

function wellKnown(name: string): string {
	return `google.protobuf.${name}`;
}

function isText({ typeName }: DescMessage): boolean {
	return textTypes.has(typeName);
}

function isJson({ typeName }: DescMessage): boolean {
	return jsonTypes.has(typeName);
}

/**
 * Writes the text of one value as the JSON of its field: quoted, but for what JSON writes bare.
 * @returns undefined where the field, or its items, are messages without a form of text
 */
export function toJsonText(field: DescField, text: string): string | undefined {
	if (field.enum !== undefined) return /^-?\d{1,10}$/.test(text) ? text : JSON.stringify(text);
	if (field.message !== undefined) return messageText(field, field.message, text);
	return scalarText(field.scalar as ScalarType, text);
}

function messageText(field: DescField, schema: DescMessage, text: string): string | undefined {
	if (isText(schema)) return JSON.stringify(text);
	if (isWrapperDesc(schema)) return scalarText(schema.fields[0].scalar, text);
	// Within a list, the text of one item could hold several.
	return isJson(schema) && field.fieldKind === "message" ? text : undefined;
}

function scalarText(scalar: ScalarType, text: string): string {
	const isBare = scalar === ScalarType.BOOL && (text === "true" || text === "false");
	return isBare ? text : JSON.stringify(text);
}

/**
 * Returns the message that holds a field, which is created on the way.
 * @returns undefined where another field of a oneof is set already
 */
export function openParents(
	root: Message,
	parents: readonly DescField[],
): Record<string, unknown> | undefined {
	let at = root as unknown as Record<string, unknown>;
	for (const { message, oneof, localName } of parents) {
		const schema = message as DescMessage;
		if (oneof === undefined) {
			at[localName] ??= create(schema);
			at = at[localName] as Record<string, unknown>;
			continue;
		}
		const choice = at[oneof.localName] as Choice;
		if (choice.case === undefined) at[oneof.localName] = { case: localName, value: create(schema) };
		else if (choice.case !== localName) return undefined;
		at = (at[oneof.localName] as Choice).value as Record<string, unknown>;
	}
	return at;
}

/** A oneof as protobuf-es keeps it. */
interface Choice {
	readonly case: string | undefined;
	readonly value?: unknown;
}

/** Checks whether a oneof that a field belongs to is decided already. */
export function isDecided({ oneof }: DescField, holder: Record<string, unknown>): boolean {
	return oneof !== undefined && (holder[oneof.localName] as Choice).case !== undefined;
}
