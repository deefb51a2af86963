import type { Codec } from "../../codec/codec.ts";

/** The request of a Connect GET. */
export interface GetRequest {
	/** Of the request message, and of the answer. */
	readonly codec: Codec;
	readonly body: Buffer;
	/** Name of its compression; undefined: none. */
	readonly encoding: string | undefined;
}

/** What is wrong with the query of a Connect GET. */
export type QueryFault = "content_type" | { readonly message: string };

const singleNames = ["encoding", "message", "base64", "compression", "connect"];

/**
 * Reads the query of a Connect GET (Connect protocol, "Unary-Get-Request"):
 * connect's handler takes the first of two values, an absent message for an empty
 * one, and fails with "internal" on bad base64. A missing `connect=v1` is accepted,
 * because people type these URLs; a wrong one is not.
 */
export function readGetQuery(text: string): GetRequest | QueryFault {
	const query = new URLSearchParams(text);
	for (const name of singleNames) {
		if (query.getAll(name).length > 1) return { message: `"${name}" is given twice` };
	}
	const encoding = query.get("encoding");
	if (encoding !== "json" && encoding !== "proto") return "content_type";
	const message = query.get("message");
	if (message === null) return { message: `"message" is missing` };
	if ((query.get("connect") ?? "v1") !== "v1") return { message: `"connect" must be v1` };
	const base64 = query.get("base64") ?? "0";
	if (base64 !== "0" && base64 !== "1") return { message: `"base64" must be 1 or left out` };
	if (base64 === "1" && !isBase64(message)) return { message: `"message" is not base64` };
	return {
		codec: encoding === "proto" ? "binary" : "json",
		// Node's decoder takes both alphabets, with padding and without.
		body: Buffer.from(message, base64 === "1" ? "base64" : "utf8"),
		encoding: query.get("compression") ?? undefined,
	};
}

/** Either alphabet, padded or not. */
function isBase64(text: string): boolean {
	const match = /^([A-Za-z0-9+/_-]*)(={0,2})$/.exec(text);
	if (match === null) return false;
	const [, digits = "", padding = ""] = match;
	if (padding !== "") return (digits.length + padding.length) % 4 === 0;
	return digits.length % 4 !== 1;
}
