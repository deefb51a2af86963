import { fieldOf, type HeaderFields, listOf } from "../../http/fields.ts";
import type { Compression } from "../connect-internals.ts";
import { chooseAccepted, findCoding, isIdentity } from "../content-coding.ts";
import type { CallProtocol } from "../protocol/protocol.ts";
import { parseTimeoutMs, type TimeoutHeader, type TimeoutRule } from "../protocol/timeout.ts";
import type { Refusal } from "../refusals.ts";
import { badRequest, unknownEncoding } from "../refusals.ts";

/** Deadline and compressions of a call. */
export interface Negotiated {
	/** undefined: no deadline. */
	readonly timeoutMs: number | undefined;
	/** Compression of the request; undefined: none. */
	readonly requestCompression: Compression | undefined;
	/** Compression of the response; undefined: none. */
	readonly responseCompression: Compression | undefined;
}

/** The request that is negotiated for. */
export interface NegotiatedRequest {
	readonly protocol: Pick<CallProtocol, "timeout" | "encodingHeader" | "acceptEncodingHeader">;
	/** Compression that a query names in place of a header. */
	readonly encoding?: string | undefined;
}

/** What the port allows. */
export interface NegotiationRule extends TimeoutRule {
	readonly compressions: readonly Compression[];
}

/** Negotiates deadline and compressions from the header fields of a request. */
export function negotiate(
	fields: HeaderFields,
	{ protocol, encoding }: NegotiatedRequest,
	rule: NegotiationRule,
): Negotiated | Refusal {
	const named = encoding ?? listOf(fields, protocol.encodingHeader);
	const isCompressed = named !== undefined && !isIdentity(named);
	let requestCompression: Compression | undefined;
	if (isCompressed) {
		// A query is Connect's own and names it letter by letter; header fields are HTTP's.
		requestCompression =
			encoding === undefined
				? findCoding(named, rule.compressions)
				: rule.compressions.find(({ name }) => name === encoding);
	}
	if (isCompressed && requestCompression === undefined) {
		const known = rule.compressions.map(({ name }) => name);
		return unknownEncoding(protocol.acceptEncodingHeader, known);
	}
	const { timeout } = protocol;
	const timeoutMs = parseTimeoutMs(fieldOf(fields, timeout.name), timeout, rule);
	if (timeoutMs === "malformed") return malformedTimeout(timeout);
	const accepted = listOf(fields, protocol.acceptEncodingHeader);
	// Who compresses can decompress, too (grpc/doc/compression.md).
	const responseCompression =
		accepted === undefined ? requestCompression : chooseAccepted(accepted, rule.compressions);
	return { timeoutMs, requestCompression, responseCompression };
}

function malformedTimeout({ syntax }: TimeoutHeader): Refusal {
	return badRequest("protocol", `the deadline is malformed; ${syntax}`);
}
