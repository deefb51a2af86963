import type { Refusal } from "../refusals.ts";
import { badRequest, brokenFraming, protocolViolation } from "../refusals.ts";
import {
	compressedFlag,
	envelopePrefixBytes,
	readEnvelopeFlags,
	readEnvelopeLength,
} from "./envelope.ts";
import type { Framing } from "./protocol.ts";

/** The one message of a request's body. */
export interface RequestMessage {
	readonly bytes: Buffer;
	readonly isCompressed: boolean;
}

/**
 * Takes the one request message out of a body, in its envelope or bare.
 * @param hasEncoding the request names a compression
 */
export function openRequest(
	body: Buffer,
	{ isEnveloped, checkFlags }: Framing,
	hasEncoding: boolean,
): RequestMessage | Refusal {
	if (!isEnveloped) return { bytes: body, isCompressed: hasEncoding };
	if (body.byteLength === 0) return protocolViolation("the request message is missing");
	if (body.byteLength < envelopePrefixBytes) return cutShort;
	const end = envelopePrefixBytes + readEnvelopeLength(body);
	if (body.byteLength < end) return cutShort;
	const flags = readEnvelopeFlags(body);
	const isCompressed = (flags & compressedFlag) !== 0;
	if ((flags & ~compressedFlag) !== 0) {
		const refusal = checkFlags(flags);
		if (refusal !== undefined) return refusal;
	}
	if (isCompressed && !hasEncoding) {
		return brokenFraming("a compressed message comes without the name of its compression");
	}
	if (body.byteLength > end) {
		return isWholeEnvelope(body.subarray(end)) ? tooMany : cutShort;
	}
	return { bytes: body.subarray(envelopePrefixBytes, end), isCompressed };
}

const cutShort = badRequest("protocol", "the request ends within an envelope");
const tooMany = protocolViolation("there is more than one request message");

function isWholeEnvelope(bytes: Buffer): boolean {
	return (
		bytes.byteLength >= envelopePrefixBytes &&
		bytes.byteLength >= envelopePrefixBytes + readEnvelopeLength(bytes)
	);
}
