import fc from "fast-check";
import { bindGetRequest } from "../../server/src/rpc/protocol/connect/get-request.ts";
import { claim, fuzzTarget } from "./target.ts";

const name = fc.constantFrom("encoding", "message", "base64", "compression", "connect", "x");
const value = fc.oneof(
	fc.constantFrom("json", "proto", "1", "0", "v1", "gzip", "%zz", "%FF", "eyJhIjoxfQ==", "!!!"),
	fc.string({ unit: "binary", maxLength: 24 }).map(encodeURIComponent),
	fc.base64String({ maxLength: 24 }),
	fc.stringMatching(/^[\w-]{0,24}={0,3}$/),
	fc.string({ maxLength: 24 }),
);
const pairs = fc
	.array(fc.tuple(name, value), { maxLength: 8 })
	.map((all) => all.map(([key, text]) => `${key}=${text}`).join("&"));
const query = fc.oneof(
	pairs,
	fc.tuple(value, pairs).map(([text, more]) => `encoding=json&message=${text}&${more}`),
	value.map((text) => `encoding=proto&base64=1&message=${text}`),
);

/** A query is refused, or its message can be taken out of it. */
export const getQueries = fuzzTarget("queries of Connect GET", query, (text) => {
	const request = bindGetRequest(text);
	if ("cause" in request) return;
	const bytes = request.message ?? Buffer.alloc(0);
	const message = new URLSearchParams(text).get("message") ?? "";
	const isBase64 = new URLSearchParams(text).get("base64") === "1";
	if (!isBase64) {
		claim("every byte of the message is there", bytes.equals(Buffer.from(message)));
		return;
	}
	const digits = message.replaceAll("=", "").length;
	claim("every digit of the message counts", bytes.toString("base64url").length === digits);
});
