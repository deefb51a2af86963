import type { DescEnum, DescField, DescFile, DescMessage, DescMethod } from "@bufbuild/protobuf";

/** A described part of a contract. */
type Described = DescField | DescMessage | DescMethod | DescEnum;

/** Field numbers of descriptor.proto, of which paths of source locations are made. */
const numbers = {
	...{ fileMessage: 4, fileEnum: 5, fileService: 6 },
	...{ messageField: 2, messageNested: 3, messageEnum: 4, serviceMethod: 2, enumValue: 2 },
} as const;

/**
 * Returns the comment before a declaration as one line of text a paragraph; empty where there is none.
 * Needs files with source info (descriptor.proto, SourceCodeInfo).
 */
export function commentOf(desc: Described): string {
	return leadingComment(desc.kind === "field" ? desc.parent.file : fileOf(desc), pathOf(desc));
}

/** Returns the comment before a value of an enum. */
export function valueComment(desc: DescEnum, index: number): string {
	return leadingComment(desc.file, [...pathOf(desc), numbers.enumValue, index]);
}

function fileOf(desc: Exclude<Described, DescField>): DescFile {
	return desc.kind === "rpc" ? desc.parent.file : desc.file;
}

function pathOf(desc: Described): readonly number[] {
	switch (desc.kind) {
		case "rpc": {
			const service = desc.parent.file.services.indexOf(desc.parent);
			const method = desc.parent.methods.indexOf(desc);
			return [numbers.fileService, service, numbers.serviceMethod, method];
		}
		case "field": {
			const field = desc.parent.proto.field.indexOf(desc.proto);
			return [...pathOf(desc.parent), numbers.messageField, field];
		}
		case "message": {
			const { parent, file } = desc;
			if (parent === undefined)
				return [numbers.fileMessage, file.proto.messageType.indexOf(desc.proto)];
			return [
				...pathOf(parent),
				numbers.messageNested,
				parent.proto.nestedType.indexOf(desc.proto),
			];
		}
		case "enum": {
			const { parent, file } = desc;
			if (parent === undefined) return [numbers.fileEnum, file.proto.enumType.indexOf(desc.proto)];
			return [...pathOf(parent), numbers.messageEnum, parent.proto.enumType.indexOf(desc.proto)];
		}
	}
}

function leadingComment({ proto }: DescFile, path: readonly number[]): string {
	const found = proto.sourceCodeInfo?.location.find(
		(location) =>
			location.path.length === path.length && location.path.every((n, i) => n === path[i]),
	);
	return (found?.leadingComments ?? "")
		.split("\n\n")
		.map((paragraph) => paragraph.replace(/\s+/g, " ").trim())
		.join("\n\n")
		.trim();
}
