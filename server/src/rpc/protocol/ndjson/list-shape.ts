import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";

/** The fields by which a method lists page by page (AIP-158). */
export interface ListShape {
	/** Repeated field of the response that has what is listed. */
	readonly items: DescField & { readonly message: DescMessage };
	readonly nextPageToken: DescField;
	/** Fields of the request. */
	readonly pageToken: DescField;
	readonly pageSize: DescField;
}

/** Reads the shape of a method; undefined: it does not list page by page. */
export function listShapeOf({ input, output, methodKind }: DescMethod): ListShape | undefined {
	if (methodKind !== "unary") return undefined;
	const pageToken = textField(input, "page_token");
	const nextPageToken = textField(output, "next_page_token");
	const pageSize = input.fields.find(
		({ name, fieldKind, scalar }) =>
			name === "page_size" && fieldKind === "scalar" && scalar === ScalarType.INT32,
	);
	const lists = output.fields.filter(({ fieldKind }) => fieldKind === "list");
	const [items] = lists;
	if (pageToken === undefined || nextPageToken === undefined || pageSize === undefined) {
		return undefined;
	}
	if (lists.length !== 1 || items?.fieldKind !== "list" || items.listKind !== "message") {
		return undefined;
	}
	return { items, nextPageToken, pageToken, pageSize };
}

function textField({ fields }: DescMessage, wanted: string): DescField | undefined {
	return fields.find(
		({ name, fieldKind, scalar }) =>
			name === wanted && fieldKind === "scalar" && scalar === ScalarType.STRING,
	);
}
