import {
	type DescEnum,
	type DescField,
	type DescMessage,
	getOption,
	hasOption,
	ScalarType,
} from "@bufbuild/protobuf";
import * as validate from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { commentOf, valueComment } from "./comments.ts";
import { constraintsOf, isRequired } from "./constraints.ts";

/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type Schema = { readonly [keyword: string]: unknown };

/** Schemas of components, by name. */
export type Schemas = Record<string, Schema>;

/** Creates schemas of the ProtoJSON form of messages; each message and enum met becomes a component. */
export function createSchemaWriter(): {
	readonly components: Schemas;
	/**
	 * Returns a reference to the component of a message.
	 * @param bound names of fields that a request may leave out because its path has them
	 */
	messageRef(desc: DescMessage, bound?: readonly string[]): Schema;
	/** Returns the schema of a field, with comment and limits. */
	fieldSchema(field: DescField): Schema;
} {
	const components: Schemas = {};

	function messageRef(desc: DescMessage, bound: readonly string[] = []): Schema {
		const known = wellKnown[desc.typeName];
		if (known !== undefined) return known;
		const name = componentName(desc.typeName);
		if (!(name in components)) {
			// A message may hold itself.
			components[name] = {};
			components[name] = messageSchema(desc, bound);
		}
		return { $ref: `#/components/schemas/${name}` };
	}

	function enumRef(desc: DescEnum): Schema {
		const name = componentName(desc.typeName);
		const values = desc.values.filter(({ number }) => number !== 0);
		const meaning = values.map(
			(value) => `- \`${value.name}\`: ${valueComment(desc, desc.values.indexOf(value))}`,
		);
		components[name] ??= {
			type: "string",
			...described([commentOf(desc), meaning.join("\n")]),
			enum: values.map((value) => value.name),
		};
		return { $ref: `#/components/schemas/${name}` };
	}

	function messageSchema(desc: DescMessage, bound: readonly string[]): Schema {
		const required = desc.fields
			.filter((field) => isRequired(field) && !bound.includes(field.name))
			.map(({ jsonName }) => jsonName);
		const properties = desc.fields.map((field) => [field.jsonName, fieldSchema(field)] as const);
		return {
			type: "object",
			...described([commentOf(desc)]),
			properties: Object.fromEntries(properties),
			...(required.length === 0 ? {} : { required }),
			additionalProperties: false,
		};
	}

	function fieldSchema(field: DescField): Schema {
		const rules = hasOption(field, validate.field) ? getOption(field, validate.field) : undefined;
		const comment = commentOf(field);
		return {
			...valueSchema(field, constraintsOf(rules)),
			...described([comment]),
			...(comment.startsWith("Output only.") ? { readOnly: true } : {}),
			...(field.proto.options?.debugRedact === true ? { writeOnly: true } : {}),
			...(field.proto.options?.deprecated === true ? { deprecated: true } : {}),
		};
	}

	function valueSchema(field: DescField, limits: ReturnType<typeof constraintsOf>): Schema {
		switch (field.fieldKind) {
			case "scalar":
				return { ...scalarSchema(field.scalar), ...limits.value };
			case "enum":
				return enumRef(field.enum);
			case "message":
				return { ...messageRef(field.message), ...limits.value };
			case "list":
				return { type: "array", ...limits.list, items: { ...itemSchema(field), ...limits.items } };
			case "map":
				return {
					type: "object",
					...limits.map,
					...(limits.keys === undefined ? {} : { propertyNames: limits.keys }),
					additionalProperties: { ...itemSchema(field), ...limits.values },
				};
		}
	}

	function itemSchema(field: DescField & { fieldKind: "list" | "map" }): Schema {
		const kind = field.fieldKind === "list" ? field.listKind : field.mapKind;
		if (kind === "message") return messageRef(field.message as DescMessage);
		if (kind === "enum") return enumRef(field.enum as DescEnum);
		return scalarSchema(field.scalar as ScalarType);
	}

	return { components, messageRef, fieldSchema };
}

/** Schemas of types with a JSON form of their own (protobuf.dev, "ProtoJSON Format"). */
const wellKnown: Schemas = {
	"google.protobuf.Timestamp": { type: "string", format: "date-time" },
	"google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" },
	"google.protobuf.FieldMask": { type: "string" },
	"google.protobuf.Any": {
		type: "object",
		properties: { "@type": { type: "string" } },
		required: ["@type"],
	},
	"google.protobuf.Struct": { type: "object" },
	"google.protobuf.Value": {},
	"google.protobuf.ListValue": { type: "array" },
	"google.protobuf.Empty": { type: "object", additionalProperties: false },
	"google.protobuf.DoubleValue": { type: "number" },
	"google.protobuf.FloatValue": { type: "number" },
	"google.protobuf.Int32Value": { type: "integer", format: "int32" },
	"google.protobuf.UInt32Value": { type: "integer", minimum: 0 },
	"google.protobuf.Int64Value": { type: "string", format: "int64" },
	"google.protobuf.UInt64Value": { type: "string", format: "uint64" },
	"google.protobuf.BoolValue": { type: "boolean" },
	"google.protobuf.StringValue": { type: "string" },
	"google.protobuf.BytesValue": { type: "string", contentEncoding: "base64" },
};

function scalarSchema(scalar: ScalarType): Schema {
	switch (scalar) {
		case ScalarType.STRING:
			return { type: "string" };
		case ScalarType.BOOL:
			return { type: "boolean" };
		case ScalarType.BYTES:
			return { type: "string", contentEncoding: "base64" };
		case ScalarType.DOUBLE:
		case ScalarType.FLOAT:
			return { type: "number" };
		case ScalarType.UINT32:
		case ScalarType.FIXED32:
			return { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 };
		case ScalarType.INT32:
		case ScalarType.SINT32:
		case ScalarType.SFIXED32:
			return { type: "integer", format: "int32" };
		case ScalarType.UINT64:
		case ScalarType.FIXED64:
			return { type: "string", format: "uint64", pattern: "^[0-9]+$" };
		default:
			return { type: "string", format: "int64", pattern: "^-?[0-9]+$" };
	}
}

/** Nested types are told apart by the message around them, as in `WukongEvent.Type`. */
function componentName(typeName: string): string {
	return typeName.replace(/^(?:[a-z_0-9]+\.)+/, "");
}

function described(parts: readonly string[]): Schema {
	const description = parts.filter((part) => part !== "").join("\n\n");
	return description === "" ? {} : { description };
}
