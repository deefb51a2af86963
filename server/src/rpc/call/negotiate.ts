import { fieldOf, type HeaderFields, listOf } from "../../http/fields.ts";
import type { Compression } from "../connect-internals.ts";
import { chooseAccepted, findCoding, isIdentity } from "../content-coding.ts";
import type { Framing } from "../protocol/protocol.ts";
import type { Refusal } from "../refusals.ts";
import { badRequest, unknownEncoding } from "../refusals.ts";
import { type DeadlineRule, parseTimeoutMs } from "./deadline.ts";

/** How long a request lets its call take, and which compressions it uses and takes. */
export interface Terms {
	/** undefined: no deadline. */
	readonly timeoutMs: number | undefined;
	/** Of the request; undefined: none. */
	readonly requestCompression: Compression | undefined;
	/** For the answer; undefined: none. */
	readonly responseCompression: Compression | undefined;
}

export interface TermsRule extends DeadlineRule {
	readonly compressions: readonly Compression[];
}

/**
 * Reads the terms of a call from its headers.
 * @param encoding name of the request's compression where a query says it
 */
export function readTerms(
	fields: HeaderFields,
	{ framing, encoding }: { readonly framing: Framing; readonly encoding?: string | undefined },
	rule: TermsRule,
): Terms | Refusal {
	const named = encoding ?? listOf(fields, framing.encodingHeader);
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
		return unknownEncoding(framing.acceptEncodingHeader, known);
	}
	const timeoutMs = parseTimeoutMs(
		fieldOf(fields, framing.hasGrpcTimeout ? "grpc-timeout" : "connect-timeout-ms"),
		framing.hasGrpcTimeout,
		rule,
	);
	if (timeoutMs === "malformed") {
		return framing.hasGrpcTimeout ? malformedGrpcTimeout : malformedConnectTimeout;
	}
	const accepted = listOf(fields, framing.acceptEncodingHeader);
	// Who compresses can decompress, too (grpc/doc/compression.md).
	const responseCompression =
		accepted === undefined ? requestCompression : chooseAccepted(accepted, rule.compressions);
	return { timeoutMs, requestCompression, responseCompression };
}

const malformedGrpcTimeout = badRequest(
	"protocol",
	"the deadline is malformed; grpc-timeout takes one to eight digits and a unit of H, M, S, m, u, n",
);
const malformedConnectTimeout = badRequest(
	"protocol",
	"the deadline is malformed; connect-timeout-ms takes one to ten digits",
);
