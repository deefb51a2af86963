import type { DescField, DescMessage, ScalarType } from "@bufbuild/protobuf";
import { ScalarType as Scalar } from "@bufbuild/protobuf";

/** JSON Schema, as far as messages need it. */
export type JsonSchema =
	| { readonly type: "string" | "integer" | "number" | "boolean" }
	| { readonly type: "array"; readonly items: JsonSchema }
	| { readonly type: "object"; readonly additionalProperties: JsonSchema }
	| { readonly type: "object"; readonly properties: Readonly<Record<string, JsonSchema>> };

const text = { type: "string" } as const;

/** The schema of a message's JSON form. Of the well-known types, those that are text in it. */
export function jsonSchemaOf(message: DescMessage): JsonSchema {
	if (message.typeName.startsWith("google.protobuf.")) return text;
	const properties = message.fields.map((field) => [field.jsonName, schemaOfField(field)]);
	return { type: "object", properties: Object.fromEntries(properties) };
}

function schemaOfField(field: DescField): JsonSchema {
	switch (field.fieldKind) {
		case "message":
			return jsonSchemaOf(field.message);
		case "enum":
			return text;
		case "scalar":
			return schemaOfScalar(field.scalar);
		case "list":
			return { type: "array", items: schemaOfItem(field) };
		case "map":
			return { type: "object", additionalProperties: schemaOfItem(field) };
	}
}

function schemaOfItem(field: DescField & { fieldKind: "list" | "map" }): JsonSchema {
	if (field.message !== undefined) return jsonSchemaOf(field.message);
	return field.scalar === undefined ? text : schemaOfScalar(field.scalar);
}

function schemaOfScalar(scalar: ScalarType): JsonSchema {
	switch (scalar) {
		case Scalar.BOOL:
			return { type: "boolean" };
		case Scalar.INT32:
		case Scalar.UINT32:
			return { type: "integer" };
		case Scalar.DOUBLE:
		case Scalar.FLOAT:
			return { type: "number" };
		default:
			return text;
	}
}
