import { create, createFileRegistry, type DescMessage } from "@bufbuild/protobuf";
import {
	FileDescriptorProtoSchema,
	FileDescriptorSetSchema,
	FieldDescriptorProto_Label as Label,
	FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { field } from "../../../support/field-descriptor.ts";

const part = { type: Type.MESSAGE, typeName: ".test.Part" };

/**
 * Two messages of proto2, whose absent fields show through a prototype: a `Part`, which may hold
 * parts, and a `Holder` of parts in every way that a field can hold one: optional, required, in a
 * list, in a choice, in a map, as a group, and under a JSON name that has to be escaped.
 */
export function createPartsSchema(): { readonly holder: DescMessage; readonly part: DescMessage } {
	const file = create(FileDescriptorProtoSchema, {
		name: "test/parts.proto",
		package: "test",
		syntax: "proto2",
		messageType: [
			{
				name: "Part",
				field: [
					{ ...field("name", 1, Type.STRING), defaultValue: "none" },
					{ ...field("inner", 2, Type.MESSAGE), ...part },
					{ ...field("within", 3, Type.MESSAGE), ...part, label: Label.REPEATED },
					{ ...field("numbers", 4, Type.SINT64), label: Label.REPEATED },
					field("data", 5, Type.BYTES),
				],
			},
			{
				name: "Holder",
				field: [
					field("count", 1, Type.INT32),
					{ ...field("one", 2, Type.MESSAGE), ...part },
					{ ...field("many", 3, Type.MESSAGE), ...part, label: Label.REPEATED },
					{ ...field("chosen", 4, Type.MESSAGE), ...part, oneofIndex: 0 },
					{ ...field("text", 5, Type.STRING), oneofIndex: 0 },
					{
						...field("named", 6, Type.MESSAGE),
						typeName: ".test.Holder.NamedEntry",
						label: Label.REPEATED,
					},
					{ ...field("odd", 7, Type.MESSAGE), ...part, jsonName: 'an "odd" näme' },
					{ ...field("grouped", 8, Type.GROUP), typeName: ".test.Part" },
					{ ...field("holder", 9, Type.MESSAGE), typeName: ".test.Holder" },
					{ ...field("needed", 10, Type.MESSAGE), ...part, label: Label.REQUIRED },
				],
				oneofDecl: [{ name: "choice" }],
				nestedType: [
					{
						name: "NamedEntry",
						field: [field("key", 1, Type.STRING), { ...field("value", 2, Type.MESSAGE), ...part }],
						options: { mapEntry: true },
					},
				],
			},
		],
	});
	const files = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
	return {
		holder: files.getMessage("test.Holder") as DescMessage,
		part: files.getMessage("test.Part") as DescMessage,
	};
}
