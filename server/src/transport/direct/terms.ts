import type { Compression } from "../connect-internals.ts";
import { type DeadlineRule, parseTimeoutMs } from "../deadline.ts";
import { type Fields, fieldOf } from "../fields.ts";
import type { Refusal } from "../refusal.ts";
import { badRequest, unknownEncoding } from "../refusal-kinds.ts";
import type { Framing } from "./protocol.ts";

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
	fields: Fields,
	{ framing, encoding }: { readonly framing: Framing; readonly encoding?: string | undefined },
	rule: TermsRule,
): Terms | Refusal {
	const named = encoding ?? fieldOf(fields, framing.encodingHeader);
	const isCompressed = named !== undefined && named !== "" && named !== "identity";
	const requestCompression = isCompressed ? find(named, rule.compressions) : undefined;
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
	const accepted = fieldOf(fields, framing.acceptEncodingHeader);
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

/** The first compression of the list that is known here and not refused by `q=0` (RFC 9110, 12.5.3). */
function chooseAccepted(
	accepted: string,
	compressions: readonly Compression[],
): Compression | undefined {
	for (const entry of accepted.split(",", maxAccepted)) {
		const [name = "", ...parameters] = entry.split(";").map((part) => part.trim());
		if (parameters.some((parameter) => /^q=0(\.0*)?$/i.test(parameter))) continue;
		const found = find(name, compressions);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Names of a list that are looked at: nobody has more compressions. */
const maxAccepted = 16;

function find(name: string, compressions: readonly Compression[]): Compression | undefined {
	return compressions.find((compression) => compression.name === name);
}
