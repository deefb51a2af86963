import { execFileSync } from "node:child_process";
import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";

// Field numbers of descriptor.proto: the path of an element in a file is made of these.
const inFile = { message: 4, enum: 5, service: 6 };
const inMessage = { field: 2, nested: 3, enum: 4 };

test("every message, field, method, enum and value says what it means", () => {
	const image = execFileSync("buf", ["build", "-o", "-"], { cwd: root });
	const files = fromBinary(FileDescriptorSetSchema, image).file.filter(
		(file) => file.package === "novasphere.v1",
	);
	expect(files).toHaveLength(4);
	let elements = 0;
	for (const file of files) {
		const commented = commentedPaths(file);
		for (const [path, name] of elementsOf(file)) {
			elements++;
			expect(commented.has(path), `${name} has a comment`).toBe(true);
		}
	}
	expect(elements).toBeGreaterThan(200);
});

function commentedPaths(file: FileDescriptorProto): Set<string> {
	const locations = file.sourceCodeInfo?.location ?? [];
	return new Set(
		locations.filter((it) => it.leadingComments.trim() !== "").map((it) => it.path.join(".")),
	);
}

function* elementsOf(file: FileDescriptorProto): Generator<[path: string, name: string]> {
	for (const [index, message] of file.messageType.entries()) {
		yield* messageElements(message, `${inFile.message}.${index}`);
	}
	for (const [index, desc] of file.enumType.entries()) {
		yield* enumElements(desc, `${inFile.enum}.${index}`);
	}
	for (const [index, service] of file.service.entries()) {
		const path = `${inFile.service}.${index}`;
		yield [path, service.name];
		for (const [at, method] of service.method.entries()) yield [`${path}.2.${at}`, method.name];
	}
}

type MessageProto = FileDescriptorProto["messageType"][number];
type EnumProto = FileDescriptorProto["enumType"][number];

function* messageElements(message: MessageProto, path: string): Generator<[string, string]> {
	// The entry of a map is made by the compiler.
	if (message.options?.mapEntry === true) return;
	yield [path, message.name];
	for (const [index, field] of message.field.entries()) {
		yield [`${path}.${inMessage.field}.${index}`, `${message.name}.${field.name}`];
	}
	for (const [index, nested] of message.nestedType.entries()) {
		yield* messageElements(nested, `${path}.${inMessage.nested}.${index}`);
	}
	for (const [index, desc] of message.enumType.entries()) {
		yield* enumElements(desc, `${path}.${inMessage.enum}.${index}`);
	}
}

function* enumElements(desc: EnumProto, path: string): Generator<[string, string]> {
	yield [path, desc.name];
	for (const [index, value] of desc.value.entries()) {
		yield [`${path}.2.${index}`, `${desc.name}.${value.name}`];
	}
}
