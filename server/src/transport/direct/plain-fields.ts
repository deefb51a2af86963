import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** A field with one value that JavaScript has a type for, and no choice between fields. */
export interface PlainField {
	readonly desc: DescField;
	readonly type: "string" | "boolean" | "int32";
}

/** The fields of a message type that most small requests have, and no others. */
export function plainFieldsOf(schema: DescMessage): PlainField[] {
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
