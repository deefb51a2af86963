import { create, createFileRegistry, type DescMessage } from "@bufbuild/protobuf";
import {
	Edition,
	FileDescriptorProtoSchema,
	FileDescriptorSetSchema,
	FieldDescriptorProto_Label as Label,
	FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { field } from "../../../support/field-descriptor.ts";

const syntaxes = ["proto2", "proto3", "editions"] as const;

const scalars = Object.values(Type).filter(
	(type) =>
		typeof type === "number" && ![Type.GROUP, Type.MESSAGE, Type.ENUM].includes(type as Type),
) as Type[];

/**
 * Messages whose fields are small, in each syntax, so that absence shows in each way: `Scalars` has
 * one of each scalar type, `Small` what stands beside them: two names, choices, an enum, a list, a
 * number of two bytes, and names that mean two fields, of which the last one counts.
 */
export function createScalarsSchemas(): DescMessage[] {
	return syntaxes.flatMap((syntax) => {
		const isOptional = syntax === "proto3" ? { proto3Optional: true, oneofIndex: 1 } : {};
		const file = create(FileDescriptorProtoSchema, {
			name: `test/${syntax}.proto`,
			package: `test.${syntax}`,
			syntax,
			...(syntax === "editions" ? { edition: Edition.EDITION_2023 } : {}),
			enumType: [
				{ name: "Mood", value: ["CALM", "WILD"].map((name, number) => ({ name, number })) },
			],
			messageType: [
				{ name: "Scalars", field: scalars.map((type, i) => field(`f${type}`, i + 1, type)) },
				{
					name: "Small",
					field: [
						{ ...field("full_name", 1, Type.STRING), jsonName: "fullName" },
						{ ...field("is_on", 2, Type.BOOL), jsonName: "isOn" },
						field("size", 3, Type.INT32),
						{ ...field("text", 4, Type.STRING), oneofIndex: 0 },
						{ ...field("number", 5, Type.INT32), oneofIndex: 0 },
						{ ...field("mood", 6, Type.ENUM), typeName: `.test.${syntax}.Mood` },
						{ ...field("sizes", 7, Type.INT32), label: Label.REPEATED },
						{ ...field("given", 8, Type.STRING), ...isOptional },
						{ ...field("one", 9, Type.STRING), jsonName: "twice" },
						{ ...field("twice", 10, Type.INT32), label: Label.REPEATED },
						{ ...field("colon", 11, Type.STRING), jsonName: "a:b" },
						field("far", 16, Type.INT32),
					],
					oneofDecl: [{ name: "choice" }, ...(syntax === "proto3" ? [{ name: "_given" }] : [])],
				},
			],
		});
		const files = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
		return ["Scalars", "Small"].map(
			(name) => files.getMessage(`test.${syntax}.${name}`) as DescMessage,
		);
	});
}
