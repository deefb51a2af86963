import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";

/** What the wire says of a field. */
export interface WireField {
	readonly name: string;
	readonly number: number;
	/** Wire type of one value. */
	readonly wireType: WireType;
	/** A list whose values may also come in one piece. */
	readonly isPackable: boolean;
	/** Each value takes room of its own: of a list, of a map, or a message. */
	readonly isEntry: boolean;
	/** Width of a varint. */
	readonly width: "32 bits" | "32 bits, signed" | "64 bits";
	/** Fields of the message or the map's entry that a value is; undefined: it is neither. */
	readonly fields: (() => ReadonlyMap<number, WireField>) | undefined;
}

// Descriptors are as many as the contract has, and live as long as the process.
const known = new WeakMap<DescMessage, ReadonlyMap<number, WireField>>();

/** The fields of a type by their numbers. */
export function wireFieldsOf(schema: DescMessage): ReadonlyMap<number, WireField> {
	let fields = known.get(schema);
	if (fields === undefined) {
		fields = new Map(schema.fields.map((field) => [field.number, toWireField(field)]));
		known.set(schema, fields);
	}
	return fields;
}

function toWireField(field: DescField): WireField {
	const { name, number, fieldKind } = field;
	if (fieldKind === "map") {
		const entry = new Map([
			[1, scalarField("key", 1, field.mapKey)],
			[2, { ...valueField(field), name: "value", number: 2 }],
		]);
		return { ...messageField(name, number), isEntry: true, fields: () => entry };
	}
	const isList = fieldKind === "list";
	const value = valueField(field);
	const isPackable =
		isList && value.wireType !== WireType.LengthDelimited && value.fields === undefined;
	return { ...value, isPackable, isEntry: isList || value.isEntry };
}

/** One value of a field, or of an entry. */
function valueField(field: DescField): WireField {
	const { name, number, message } = field;
	if (message === undefined) return scalarField(name, number, field.scalar ?? ScalarType.INT32);
	const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
	return {
		...messageField(name, number),
		wireType: isGroup ? WireType.StartGroup : WireType.LengthDelimited,
		isEntry: true,
		fields: () => wireFieldsOf(message),
	};
}

function messageField(name: string, number: number): WireField {
	return scalarField(name, number, ScalarType.BYTES);
}

function scalarField(name: string, number: number, type: ScalarType): WireField {
	const wireType = wireTypeOf(type);
	return {
		...{ name, number, wireType, width: widthOf(type) },
		...{ isPackable: false, isEntry: false, fields: undefined },
	};
}

function widthOf(type: ScalarType): WireField["width"] {
	switch (type) {
		case ScalarType.INT32:
			return "32 bits, signed";
		case ScalarType.UINT32:
		case ScalarType.SINT32:
		case ScalarType.BOOL:
			return "32 bits";
		default:
			return "64 bits";
	}
}

function wireTypeOf(type: ScalarType): WireType {
	switch (type) {
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
