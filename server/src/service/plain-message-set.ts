import { type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import { KeepRule } from "../keep-rule.ts";

/** Longer texts, in all fields of a message, would cost more to keep than they spare. In UTF-16 units. */
const maxTextLength = 512;

/** Messages by what they say: two are the same where type and values of all fields are. */
export interface PlainMessageSet {
	has(schema: DescMessage, message: Message): boolean;
	/** Adds a small message that holds nothing but texts, numbers and flags, as most requests do; no other. */
	add(schema: DescMessage, message: Message): void;
}

/** @param maxMessages more than these are not kept */
export function createPlainMessageSet(maxMessages: number): PlainMessageSet {
	const rule = new KeepRule(maxMessages);
	let shapes = new Map<DescMessage, Shape | undefined>();

	function shapeOf(schema: DescMessage): Shape | undefined {
		let shape = shapes.get(schema);
		if (shape === undefined && !shapes.has(schema)) {
			shape = toShape(schema);
			shapes.set(schema, shape);
		}
		return shape;
	}

	return {
		has(schema, message) {
			if (!rule.mayLookUp()) return false;
			const shape = shapeOf(schema);
			if (shape === undefined) return false;
			const values = message as unknown as Values;
			let node: Node | undefined = shape.root;
			for (const name of shape.singular) {
				node = node.get(values[name]);
				if (node === undefined) return false;
			}
			if (!areEmpty(shape.plural, values)) return false;
			rule.found();
			return true;
		},
		add(schema, message) {
			const shape = shapeOf(schema);
			const values = message as unknown as Values;
			if (shape === undefined || !areEmpty(shape.plural, values)) return;
			if (textLength(shape.singular, values) > maxTextLength) return;
			const next = rule.next();
			if (next === "forget all") shapes = new Map();
			if (next === "keep") addPath(shape, values);
		},
	};
}

function addPath({ root, singular }: Shape, values: Values): void {
	const last = singular.length - 1;
	let node = root;
	for (const [place, name] of singular.entries()) {
		let next = node.get(values[name]);
		if (next === undefined) {
			next = place === last ? end : new Map();
			node.set(values[name], next);
		}
		node = next;
	}
}

type Values = Readonly<Record<string, unknown>>;

/** A step for each field: a text that has been asked for before is found without being read. */
interface Node extends Map<unknown, Node> {}

/** Behind the last field. */
const end: Node = new Map();

/** Messages of one type: their values, field by field from the root. */
interface Shape {
	readonly root: Node;
	readonly singular: readonly string[];
	/** Lists and maps; without entries in a message that is kept. */
	readonly plural: readonly string[];
}

/** undefined where a message's own properties do not say all of it, or nothing. */
function toShape({ fields }: DescMessage): Shape | undefined {
	const isPlural = ({ fieldKind }: DescField) => fieldKind === "list" || fieldKind === "map";
	const singular = fields.filter((field) => !isPlural(field));
	if (singular.length === 0 || !singular.every(isPlain)) return undefined;
	const nameOf = ({ localName }: DescField) => localName;
	return {
		root: new Map(),
		singular: singular.map(nameOf),
		plural: fields.filter(isPlural).map(nameOf),
	};
}

function isPlain(field: DescField): boolean {
	if (field.oneof !== undefined || field.fieldKind === "message") return false;
	if (field.fieldKind === "scalar" && field.scalar === ScalarType.BYTES) return false;
	// A default that was given and one that was not look alike where presence is told.
	return field.presence === Presence.IMPLICIT;
}

function areEmpty(names: readonly string[], values: Values): boolean {
	for (const name of names) for (const _key in values[name] as object) return false;
	return true;
}

function textLength(names: readonly string[], values: Values): number {
	let length = 0;
	for (const name of names) {
		const value = values[name];
		if (typeof value === "string") length += value.length;
	}
	return length;
}
