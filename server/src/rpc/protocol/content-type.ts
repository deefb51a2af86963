import { parseMediaType } from "../../http/media-type.ts";
import type { Codec } from "../codec/codec.ts";

/** The protocol that a request speaks, as its content type says. */
export type Protocol = "connect" | "connect-stream" | "grpc" | "grpc-web" | "grpc-web-text";

/** What a content type says. */
export interface ContentType {
	readonly protocol: Protocol;
	readonly codec: Codec;
}

/** Why a content type says nothing here. */
export type ContentTypeFault = "unknown" | "malformed" | "charset";

const grpcTypes = "application/grpc-web+proto, application/grpc-web-text, application/grpc+proto";

/** Content types that unary procedures take, for Accept-Post. */
export const unaryContentTypes: string = `application/json, application/proto, ${grpcTypes}`;

/** Content types that streams take, for Accept-Post. */
export const streamContentTypes: string = `application/connect+json, application/connect+proto, ${grpcTypes}`;

/** All that are spoken here. Most requests name one in these very letters. */
const table: ReadonlyMap<string, ContentType> = new Map<string, ContentType>([
	["application/json", { protocol: "connect", codec: "json" }],
	["application/proto", { protocol: "connect", codec: "binary" }],
	["application/connect+json", { protocol: "connect-stream", codec: "json" }],
	["application/connect+proto", { protocol: "connect-stream", codec: "binary" }],
	["application/grpc", { protocol: "grpc", codec: "binary" }],
	["application/grpc+proto", { protocol: "grpc", codec: "binary" }],
	["application/grpc+json", { protocol: "grpc", codec: "json" }],
	["application/grpc-web", { protocol: "grpc-web", codec: "binary" }],
	["application/grpc-web+proto", { protocol: "grpc-web", codec: "binary" }],
	["application/grpc-web+json", { protocol: "grpc-web", codec: "json" }],
	["application/grpc-web-text", { protocol: "grpc-web-text", codec: "binary" }],
	["application/grpc-web-text+proto", { protocol: "grpc-web-text", codec: "binary" }],
]);

/** No type means JSON: curl users forget it. */
const json: ContentType = { protocol: "connect", codec: "json" };

/**
 * Reads the content type of a request; "" where it has none. Parameters that are not known are
 * passed over, but for a charset of JSON: that is UTF-8 or refused, never guessed (RFC 8259, 8.1).
 */
export function readContentType(text: string): ContentType | ContentTypeFault {
	const exact = table.get(text);
	if (exact !== undefined) return exact;
	if (/^[\t ]*$/.test(text)) return json;
	const parsed = parseMediaType(text);
	if (parsed === undefined) return "malformed";
	const found = table.get(parsed.essence);
	if (found === undefined) return "unknown";
	const charset = parsed.parameters.get("charset");
	if (found.codec !== "json" || charset === undefined) return found;
	return /^utf-?8$/i.test(charset) ? found : "charset";
}

/**
 * Tells in which form to refuse a request: also where its codec or a parameter is not known here,
 * the family of gRPC is. undefined: the caller speaks none of these protocols.
 */
export function refusalTypeOf(text: string): ContentType | undefined {
	const read = readContentType(text);
	if (typeof read === "object") return read;
	const family = /^[\t ]*application\/(grpc(?:-web(?:-text)?)?)(?=$|[+;\t ])/i.exec(text)?.[1];
	if (family === undefined) return undefined;
	return { protocol: family.toLowerCase() as Protocol, codec: "binary" };
}
