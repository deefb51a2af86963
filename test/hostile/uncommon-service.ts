import { create, createFileRegistry, type DescService } from "@bufbuild/protobuf";
import {
	FileDescriptorProtoSchema,
	FileDescriptorSetSchema,
	FieldDescriptorProto_Label as Label,
	FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { field } from "../support/field-descriptor.ts";

/** Path of the one procedure of {@link createUncommonService}. */
export const uncommonPath = "/test.Uncommon/Ask";

const shape = ".test.Shape";

/**
 * A service whose one message has the shapes that the contract lacks, because the port serves any
 * service: a message within itself (1), bytes (2), packed numbers (3), a map to messages (4), and a
 * choice of text or number (5, 6).
 */
export function createUncommonService(): DescService {
	const file = create(FileDescriptorProtoSchema, {
		name: "test/uncommon.proto",
		package: "test",
		syntax: "proto3",
		messageType: [
			{
				name: "Shape",
				field: [
					{ ...field("within", 1, Type.MESSAGE), typeName: shape },
					field("data", 2, Type.BYTES),
					{ ...field("numbers", 3, Type.INT32), label: Label.REPEATED },
					{
						...field("named", 4, Type.MESSAGE),
						label: Label.REPEATED,
						typeName: `${shape}.NamedEntry`,
					},
					{ ...field("text", 5, Type.STRING), oneofIndex: 0 },
					{ ...field("number", 6, Type.INT32), oneofIndex: 0 },
				],
				oneofDecl: [{ name: "choice" }],
				nestedType: [
					{
						name: "NamedEntry",
						field: [
							field("key", 1, Type.STRING),
							{ ...field("value", 2, Type.MESSAGE), typeName: shape },
						],
						options: { mapEntry: true },
					},
				],
			},
		],
		service: [{ name: "Uncommon", method: [{ name: "Ask", inputType: shape, outputType: shape }] }],
	});
	const files = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
	return files.getService("test.Uncommon") as DescService;
}
