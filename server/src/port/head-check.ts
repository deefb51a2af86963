import { type Exchange, headerOf } from "../http/exchange.ts";
import { valuesOf } from "../http/fields.ts";
import type { TransportLimits } from "../http/limits.ts";
import type { Refusal } from "../rpc/refusals.ts";
import {
	badRequest,
	tooManyHeaders,
	unknownTransferCoding,
	unmetExpectation,
} from "../rpc/refusals.ts";

/**
 * Checks the header fields that concern the request itself, before it is routed; undefined: nothing
 * is wrong. Node's HTTP/1.1 parser checks size and characters.
 */
export function checkHead(
	exchange: Exchange,
	limits: Pick<TransportLimits, "maxHeaderCount" | "maxHeaderBytes">,
): Refusal | undefined {
	const { connection, rawHeaders } = exchange;
	if (rawHeaders.length / 2 > limits.maxHeaderCount) {
		return tooManyHeaders(limits.maxHeaderCount, "fields");
	}
	if (connection.httpVersion === "2.0") {
		const fault = checkFields(exchange, limits.maxHeaderBytes);
		if (fault !== undefined) return fault;
	} else if (headerOf(exchange, "transfer-encoding") !== undefined) {
		const fault = checkTransferCodings(exchange);
		if (fault !== undefined) return fault;
	}
	return headerOf(exchange, "expect") === undefined ? undefined : checkExpectation(exchange);
}

/** Checks size and characters: to HTTP/2 the limit on a head is advice only (RFC 9113, 6.5.2). */
function checkFields({ rawHeaders, target }: Exchange, maxBytes: number): Refusal | undefined {
	let headerBytes = target.length;
	for (const text of rawHeaders) {
		headerBytes += text.length;
		if (/[^\t\x20-\x7e\x80-\xff]/.test(text)) {
			return badRequest("headers", "a header field is malformed");
		}
	}
	return headerBytes > maxBytes ? tooManyHeaders(maxBytes, "bytes") : undefined;
}

/** Member of a list of codings: a token and its parameters (RFC 9112, 7). */
const coding = (() => {
	const token = "[!#$%&'*+.^_`|~0-9a-z-]+";
	const quoted = `"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t -\\x7e\\x80-\\xff])*"`;
	return new RegExp(
		`^${token}(?:[ \\t]*;[ \\t]*${token}[ \\t]*=[ \\t]*(?:${token}|${quoted}))*$`,
		"i",
	);
})();

/** Checks all codings: Node's parser looks for "chunked" at the end only. */
function checkTransferCodings({ connection, rawHeaders }: Exchange): Refusal | undefined {
	// Faulty whatever it says (RFC 9112, 6.1).
	if (connection.httpVersion === "1.0") {
		return badRequest("headers", "HTTP/1.0 has no transfer codings");
	}
	const codings = listOf(valuesOf(rawHeaders, "transfer-encoding"));
	if (codings.length === 1 && codings[0] === "chunked") return undefined;
	// Nor may it be applied twice (RFC 9112, 6.1).
	const isMalformed = codings.indexOf("chunked") !== codings.length - 1;
	if (isMalformed || !codings.every((text) => coding.test(text))) {
		return badRequest("headers", "the transfer codings are malformed");
	}
	return unknownTransferCoding;
}

/** Checks Expect (RFC 9110, 10.1.1); HTTP/1.0 does not know it. */
function checkExpectation(exchange: Exchange): Refusal | undefined {
	if (exchange.connection.httpVersion === "1.0") return undefined;
	const expected = listOf(valuesOf(exchange.rawHeaders, "expect"));
	if (expected.some((text) => text !== "100-continue")) return unmetExpectation;
	if (expected.length > 0) exchange.awaitContinue();
	return undefined;
}

/** Splits a list into members in lower case, without empty ones (RFC 9110, 5.6.1.2). */
function listOf(values: readonly string[]): string[] {
	const members = values.join(",").match(/(?:"(?:[^"\\]|\\.)*"?|[^",])+/g) ?? [];
	return members.map((text) => text.trim().toLowerCase()).filter((text) => text !== "");
}
