import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { WireReader } from "./wire-reader.ts";

/** Why bytes that a decoder takes for a message are refused. */
export interface WireFault {
	readonly kind: "wrong_type" | "out_of_range" | "too_many_entries";
	/** Contract name of the field, from the request's root. */
	readonly field: string;
}

/** Nesting that is looked into; the decoder refuses what is deeper. */
const maxDepth = 100;

/**
 * Finds what protobuf-es's decoder does not look for: a known field with the wire type of another
 * one, whose value it would take for a length; a 32-bit number of more bits, which it would cut;
 * and lists and maps so long that decoding them would hold up every other call for seconds. Bytes
 * that are no message at all are the decoder's to refuse.
 *
 * @param maxEntries that all lists and maps of the message may hold together
 */
export function findWireFault(
	schema: DescMessage,
	bytes: Uint8Array,
	maxEntries: number,
): WireFault | undefined {
	const reader = new WireReader(bytes);
	const root = { schema, path: "", depth: 0, end: bytes.byteLength };
	return faultIn(root, { reader, entriesLeft: maxEntries });
}

interface Place {
	readonly schema: DescMessage;
	/** Contract name of this message; empty at the root. */
	readonly path: string;
	readonly depth: number;
	/** Where its bytes end. */
	readonly end: number;
}

interface Walk {
	readonly reader: WireReader;
	entriesLeft: number;
}

function faultIn({ schema, path, depth, end }: Place, walk: Walk): WireFault | undefined {
	const { reader } = walk;
	const fields = wireFieldsOf(schema);
	while (reader.at < end) {
		const tag = reader.varint();
		const wireType = tag & 7;
		const known = fields.get(tag >>> 3);
		if (known === undefined) {
			reader.skip(wireType);
			continue;
		}
		if (wireType !== known.wireType && wireType !== known.packedWireType) {
			return { kind: "wrong_type", field: join(path, known) };
		}
		if (known.isRepeated && --walk.entriesLeft < 0) {
			return { kind: "too_many_entries", field: join(path, known) };
		}
		if (known.message !== undefined && depth < maxDepth) {
			const length = reader.varint();
			const below = { schema: known.message, path: join(path, known), depth: depth + 1 };
			const innerEnd = reader.at + length;
			const fault = faultIn({ ...below, end: Math.min(innerEnd, end) }, walk);
			if (fault !== undefined) return fault;
			reader.at = innerEnd;
		} else {
			reader.skip(wireType);
			if (known.is32Bits && wireType === WireType.Varint && !reader.fits32Bits) {
				return { kind: "out_of_range", field: join(path, known) };
			}
		}
	}
	return undefined;
}

function join(path: string, { name }: WireField): string {
	return path === "" ? name : `${path}.${name}`;
}

/** What the wire says of a field. */
interface WireField {
	readonly name: string;
	readonly wireType: WireType;
	/** Of a list that may also come in one piece; else as `wireType`. */
	readonly packedWireType: WireType;
	readonly is32Bits: boolean;
	readonly isRepeated: boolean;
	/** Set where its value is a message with a length. */
	readonly message: DescMessage | undefined;
}

const wireFields = new WeakMap<DescMessage, ReadonlyMap<number, WireField>>();

function wireFieldsOf(schema: DescMessage): ReadonlyMap<number, WireField> {
	let fields = wireFields.get(schema);
	if (fields === undefined) {
		fields = new Map(schema.fields.map((field) => [field.number, toWireField(field)]));
		wireFields.set(schema, fields);
	}
	return fields;
}

function toWireField(field: DescField): WireField {
	const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
	const wireType = isGroup ? WireType.StartGroup : wireTypeOf(field);
	const isPackable = field.fieldKind === "list" && field.listKind !== "message";
	return {
		name: field.name,
		wireType,
		packedWireType: isPackable ? WireType.LengthDelimited : wireType,
		is32Bits: [ScalarType.INT32, ScalarType.UINT32, ScalarType.SINT32].includes(
			field.scalar ?? ScalarType.STRING,
		),
		isRepeated: field.fieldKind === "list" || field.fieldKind === "map",
		// A map's entry is of no message that a schema knows, and the decoder's alone.
		message: isGroup || field.fieldKind === "map" ? undefined : field.message,
	};
}

function wireTypeOf(field: DescField): WireType {
	if (field.fieldKind === "map" || field.message !== undefined) return WireType.LengthDelimited;
	switch (field.scalar) {
		case ScalarType.STRING:
		case ScalarType.BYTES:
			return WireType.LengthDelimited;
		case ScalarType.DOUBLE:
		case ScalarType.FIXED64:
		case ScalarType.SFIXED64:
			return WireType.Bit64;
		case ScalarType.FLOAT:
		case ScalarType.FIXED32:
		case ScalarType.SFIXED32:
			return WireType.Bit32;
		default:
			return WireType.Varint;
	}
}
