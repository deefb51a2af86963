import {
	type DescExtension,
	type DescFile,
	type DescMessage,
	type DescService,
	toBinary,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** What some services are described by: their files, and all that these import. */
export interface DescriptorIndex {
	/** Finds a file by its name, as in `novasphere/v1/wukong.proto`. */
	file(name: string): DescFile | undefined;
	/** Finds the file that declares a full name, be it of a service, method, message, field, oneof, enum, value or extension. */
	fileOf(symbol: string): DescFile | undefined;
	/** Finds the file that extends a message by a field number. */
	fileOfExtension(typeName: string, number: number): DescFile | undefined;
	/** Lists the numbers of all extensions of a message, in order; undefined: no such message. */
	extensionNumbers(typeName: string): readonly number[] | undefined;
}

/** Creates the index of the services' files. */
export function createDescriptorIndex(services: readonly DescService[]): DescriptorIndex {
	const files = new Map<string, DescFile>();
	const symbols = new Map<string, DescFile>();
	const messages = new Set<string>();
	const extensions = new Map<string, Map<number, DescFile>>();

	function addFile(file: DescFile): void {
		if (files.has(file.proto.name)) return;
		files.set(file.proto.name, file);
		for (const type of nestedTypes(file)) {
			const add = (name: string) => void symbols.set(name, file);
			add(type.typeName);
			if (type.kind === "service")
				for (const { name } of type.methods) add(`${type.typeName}.${name}`);
			if (type.kind === "message") addMessage(type, add);
			if (type.kind === "extension") addExtension(type, file);
			// The names of values stand beside their enum (descriptor.proto, EnumValueDescriptorProto).
			const scope = type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1);
			if (type.kind === "enum") for (const { name } of type.values) add(`${scope}${name}`);
		}
		for (const imported of file.dependencies) addFile(imported);
	}

	function addMessage(
		{ typeName, fields, oneofs }: DescMessage,
		add: (name: string) => void,
	): void {
		messages.add(typeName);
		for (const { name } of [...fields, ...oneofs]) add(`${typeName}.${name}`);
	}

	function addExtension({ extendee, number }: DescExtension, file: DescFile): void {
		const known = extensions.get(extendee.typeName) ?? new Map<number, DescFile>();
		extensions.set(extendee.typeName, known.set(number, file));
	}

	for (const { file } of services) addFile(file);
	return {
		file: (name) => files.get(name),
		fileOf: (symbol) => symbols.get(symbol),
		fileOfExtension: (typeName, number) => extensions.get(typeName)?.get(number),
		extensionNumbers: (typeName) =>
			messages.has(typeName)
				? [...(extensions.get(typeName)?.keys() ?? [])].sort((a, b) => a - b)
				: undefined,
	};
}

/**
 * Encodes a file, and what it imports as far as `sent` does not name it, as grpc-go does; the file
 * itself comes first, in any case.
 * @param sent names of files; those that are encoded are added
 */
export function encodeFiles(file: DescFile, sent: Set<string>): Uint8Array[] {
	const encoded: Uint8Array[] = [];
	const waiting = [file];
	for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
		const { proto, dependencies } = next;
		if (encoded.length > 0 && sent.has(proto.name)) continue;
		sent.add(proto.name);
		encoded.push(toBinary(FileDescriptorProtoSchema, proto));
		waiting.push(...dependencies);
	}
	return encoded;
}
