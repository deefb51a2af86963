import { badRequest, type Refusal, wrongContentType } from "../../refusals.ts";
import type { RequestBinding } from "../protocol.ts";

const singleNames = ["encoding", "message", "base64", "compression", "connect"];

/**
 * Binds a Connect GET to the message in its query (Connect protocol, "Unary-Get-Request").
 * connect's handler takes the first of two values and an absent message for an empty one, and
 * fails with "internal" on bad base64. A missing `connect=v1` is accepted, because people type
 * these URLs; a wrong one is not.
 *
 * @param query without its question mark
 */
export function bindGetRequest(query: string): RequestBinding | Refusal {
	const parameters = new URLSearchParams(query);
	for (const name of singleNames) {
		if (parameters.getAll(name).length > 1) return invalid(`"${name}" is given twice`);
	}
	const encoding = parameters.get("encoding");
	if (encoding !== "json" && encoding !== "proto") {
		return noEncoding;
	}
	const message = parameters.get("message");
	if (message === null) return invalid(`"message" is missing`);
	if ((parameters.get("connect") ?? "v1") !== "v1") return invalid(`"connect" must be v1`);
	const base64 = parameters.get("base64") ?? "0";
	if (base64 !== "0" && base64 !== "1") return invalid(`"base64" must be 1 or left out`);
	if (base64 === "1" && !isBase64(message)) return invalid(`"message" is not base64`);
	return {
		codec: encoding === "proto" ? "binary" : "json",
		// Node's decoder takes both alphabets, with padding and without.
		message: Buffer.from(message, base64 === "1" ? "base64" : "utf8"),
		encoding: parameters.get("compression") ?? undefined,
	};
}

/** Refusal of a GET that does not name the encoding of its message, as in a URL typed by hand. */
const noEncoding: Refusal = {
	...wrongContentType("application/json, application/proto", "unknown"),
	message:
		'"encoding" must be json or proto, as in ?encoding=json&message=%7B%7D; or POST the request message as application/json',
};

function invalid(message: string): Refusal {
	return badRequest("protocol", message);
}

/** Checks whether a text is base64 in either alphabet, padded or not. */
function isBase64(text: string): boolean {
	const match = /^([A-Za-z0-9+/_-]*)(={0,2})$/.exec(text);
	if (match === null) return false;
	const [, digits = "", padding = ""] = match;
	if (padding !== "") return (digits.length + padding.length) % 4 === 0;
	return digits.length % 4 !== 1;
}
