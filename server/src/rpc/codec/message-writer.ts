import {
	type DescField,
	type DescMessage,
	type Message,
	type Registry,
	toBinary,
	toJsonString,
} from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import type { Codec } from "./codec.ts";

/** Encodes a message. */
export type WriteMessage = (schema: DescMessage, message: Message) => Uint8Array;

/** Returns the bytes of a shared part, which may be cached. */
export type PartBytes = (schema: DescMessage, message: Message, codec: Codec) => Uint8Array;

/** A field that holds messages of a shared type, singly or in a list. */
interface PartField {
	readonly field: DescField;
	readonly schema: DescMessage;
	readonly isList: boolean;
}

type Fields = { readonly [name: string]: unknown };

/** Options of the writers. */
export interface WriterOptions {
	/** Names of the types whose bytes are put in as they are. */
	readonly cacheableTypes: ReadonlySet<string>;
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
}

/** Creates writers that put the bytes of shared parts in as they are, and leave the rest to protobuf-es. */
export function createMessageWriter(
	{ cacheableTypes, registry }: WriterOptions,
	partBytes: PartBytes,
): Readonly<Record<Codec, WriteMessage>> {
	const plans = new Map<DescMessage, readonly PartField[]>();
	const partFieldsOf = (schema: DescMessage): readonly PartField[] => {
		let plan = plans.get(schema);
		if (plan === undefined) {
			plan = schema.fields.map(asPartField).filter((part) => part !== undefined);
			plans.set(schema, plan);
		}
		return plan;
	};
	const asPartField = (field: DescField): PartField | undefined => {
		const holdsMessages =
			(field.fieldKind === "message" && field.oneof === undefined) ||
			(field.fieldKind === "list" && field.listKind === "message");
		if (!holdsMessages || field.delimitedEncoding) return undefined;
		// protobuf-es would report it as missing in the rest.
		if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return undefined;
		if (!cacheableTypes.has(field.message.typeName)) return undefined;
		return { field, schema: field.message, isList: field.fieldKind === "list" };
	};
	return {
		binary(schema, message) {
			const plan = partFieldsOf(schema);
			if (plan.length === 0) return toBinary(schema, message);
			const writer = new BinaryWriter();
			for (const part of plan) {
				for (const one of partsIn(message, part)) {
					writer.tag(part.field.number, WireType.LengthDelimited);
					writer.bytes(partBytes(part.schema, one, "binary"));
				}
			}
			writer.raw(toBinary(schema, without(message, plan)));
			return writer.finish();
		},
		json(schema, message) {
			const plan = partFieldsOf(schema);
			if (plan.length === 0) return Buffer.from(toJsonString(schema, message, { registry }));
			const pieces: Uint8Array[] = [];
			for (const part of plan) {
				const parts = partsIn(message, part).map((one) => partBytes(part.schema, one, "json"));
				if (parts.length > 0) pieces.push(...jsonMember(part, parts));
			}
			const rest = toJsonString(schema, without(message, plan), { registry });
			if (pieces.length === 0) return Buffer.from(rest);
			// The rest is an object, too: its opening brace gives way to what comes before it.
			pieces[0] = openBrace;
			pieces.push(rest === "{}" ? closeBrace : Buffer.from(`,${rest.slice(1)}`));
			return Buffer.concat(pieces);
		},
	};
}

const comma = Buffer.from(",");
const openBrace = Buffer.from("{");
const closeBrace = Buffer.from("}");
const closeBracket = Buffer.from("]");

/** Returns one member of a JSON object, with a comma before it. */
function jsonMember({ field, isList }: PartField, parts: readonly Uint8Array[]): Uint8Array[] {
	const name = Buffer.from(`${JSON.stringify(field.jsonName)}:${isList ? "[" : ""}`);
	const pieces: Uint8Array[] = [comma, name];
	for (const [index, part] of parts.entries()) {
		if (index > 0) pieces.push(comma);
		pieces.push(part);
	}
	if (isList) pieces.push(closeBracket);
	return pieces;
}

function partsIn(message: Message, { field, isList }: PartField): readonly Message[] {
	const value = (message as unknown as Fields)[field.localName];
	if (value === undefined) return [];
	return isList ? (value as Message[]) : [value as Message];
}

function without(message: Message, plan: readonly PartField[]): Message {
	const rest: Record<string, unknown> = { ...(message as unknown as Fields) };
	for (const { field, isList } of plan) rest[field.localName] = isList ? [] : undefined;
	return rest as unknown as Message;
}
