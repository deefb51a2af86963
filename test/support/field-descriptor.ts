import {
	FieldDescriptorProto_Label as Label,
	type FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

/** An optional field of a message that a test describes by itself, under one name in both forms. */
export const field = (name: string, number: number, type: Type) => ({
	name,
	jsonName: name,
	number,
	type,
	label: Label.OPTIONAL,
});
