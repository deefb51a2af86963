import { create, createFileRegistry, type DescFile, toBinary } from "@bufbuild/protobuf";
import {
	AnySchema,
	DurationSchema,
	EmptySchema,
	FieldMaskSchema,
	FileDescriptorProtoSchema,
	FileDescriptorSetSchema,
	Int32ValueSchema,
	FieldDescriptorProto_Label as Label,
	StructSchema,
	TimestampSchema,
	FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { field } from "../../support/field-descriptor.ts";

/** Every type that a field can have, but a group. */
const scalars = {
	...{ double: Type.DOUBLE, float: Type.FLOAT, bool: Type.BOOL, string: Type.STRING },
	...{ bytes: Type.BYTES, int32: Type.INT32, sint32: Type.SINT32, sfixed32: Type.SFIXED32 },
	...{ uint32: Type.UINT32, fixed32: Type.FIXED32, int64: Type.INT64, sint64: Type.SINT64 },
	...{ sfixed64: Type.SFIXED64, uint64: Type.UINT64, fixed64: Type.FIXED64 },
};

const keys = Object.entries(scalars).filter(([name]) => !/double|float|bytes/.test(name));

const wellKnown = [
	...["Timestamp", "Duration", "FieldMask", "Any", "Struct", "Value", "ListValue", "Empty"],
	...["DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value"],
	...["BoolValue", "StringValue", "BytesValue"],
];

interface TypedField {
	readonly name: string;
	readonly type: Type;
	readonly typeName?: string;
}

const values: readonly TypedField[] = [
	...Object.entries(scalars).map(([name, type]) => ({ name, type })),
	{ name: "mood", type: Type.ENUM, typeName: ".test.Mood" },
	{ name: "nothing", type: Type.ENUM, typeName: ".google.protobuf.NullValue" },
	{ name: "inner", type: Type.MESSAGE, typeName: ".test.All" },
	...wellKnown.map((type) => ({
		name: `wkt_${type.toLowerCase()}`,
		type: Type.MESSAGE,
		typeName: `.google.protobuf.${type}`,
	})),
];

const jsonName = (name: string) =>
	name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());

const entryOf = (name: string) => `${jsonName(`_${name}`)}Entry`;

function typed({ name, type, typeName }: TypedField, prefix: string, number: number) {
	return {
		...field(prefix + name, number, type),
		jsonName: jsonName(prefix + name),
		...(typeName === undefined ? {} : { typeName }),
	};
}

function mapField(name: string, number: number) {
	return {
		...field(name, number, Type.MESSAGE),
		jsonName: jsonName(name),
		typeName: `.test.All.${entryOf(name)}`,
		label: Label.REPEATED,
	};
}

function mapEntry(name: string, key: Type, value: TypedField) {
	const { type, typeName } = value;
	return {
		name: entryOf(name),
		field: [field("key", 1, Type.STRING), field("value", 2, type)].map((one, index) => ({
			...one,
			...(index === 0 ? { type: key } : typeName === undefined ? {} : { typeName }),
		})),
		options: { mapEntry: true },
	};
}

const text = { name: "text", type: Type.STRING };

const file = create(FileDescriptorProtoSchema, {
	name: "test/all.proto",
	package: "test",
	syntax: "proto3",
	dependency: [
		...["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"].map(
			(name) => `google/protobuf/${name}.proto`,
		),
	],
	enumType: [
		{
			name: "Mood",
			value: ["CALM", "WILD", "AWAY"].map((name, index) => ({
				name,
				number: index === 2 ? -1 : index,
			})),
		},
	],
	messageType: [
		{
			name: "All",
			field: [
				...values.map((value, index) => typed(value, "", index + 1)),
				...values.map((value, index) => ({
					...typed(value, "many_", index + 101),
					label: Label.REPEATED,
				})),
				...values.map((value, index) => ({ ...typed(value, "one_", index + 201), oneofIndex: 0 })),
				...values.map(({ name }, index) => mapField(`map_${name}`, index + 301)),
				...keys.map(([name], index) => mapField(`by_${name}`, index + 401)),
				...values
					.filter(({ type }) => type !== Type.MESSAGE)
					.map((value, index) => ({
						...typed(value, "given_", index + 501),
						...{ proto3Optional: true, oneofIndex: index + 1 },
					})),
			],
			oneofDecl: [
				{ name: "choice" },
				...values
					.filter(({ type }) => type !== Type.MESSAGE)
					.map(({ name }) => ({ name: `_given_${name}` })),
			],
			nestedType: [
				...values.map((value) => mapEntry(`map_${value.name}`, Type.STRING, value)),
				...keys.map(([name, key]) => mapEntry(`by_${name}`, key, text)),
			],
		},
	],
});

const imported = [AnySchema, DurationSchema, EmptySchema, FieldMaskSchema, StructSchema].concat([
	TimestampSchema as never,
	Int32ValueSchema as never,
]);

const set = create(FileDescriptorSetSchema, {
	file: [...withImports([WukongService.file, ...imported.map(({ file: one }) => one)]), file],
});

/** Every file that is needed, in the order in which they build upon each other. */
function withImports(files: readonly DescFile[]) {
	const found = new Map<string, DescFile["proto"]>();
	const visit = (one: DescFile): void => {
		if (found.has(one.proto.name)) return;
		one.dependencies.forEach(visit);
		found.set(one.proto.name, one.proto);
	};
	files.forEach(visit);
	return found.values();
}

/** The contract, and a message `test.All` that has a field of each kind in each place. */
export const registry = createFileRegistry(set);

/** The same, for protobuf-go. */
export const descriptors: Uint8Array = toBinary(FileDescriptorSetSchema, set);

/** The message with everything. */
export const everything = registry.getMessage("test.All") ?? expectType();

function expectType(): never {
	throw new Error("test.All is missing");
}
