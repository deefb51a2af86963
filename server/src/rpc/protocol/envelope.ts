import { createFraming } from "../codec/codec.ts";
import { badRequest, brokenFraming, protocolViolation, type Refusal } from "../refusals.ts";
import type { RequestBody } from "./protocol.ts";

/** Flags byte and length of an enveloped message (Connect, gRPC and gRPC-Web protocols). */
export const envelopePrefixBytes = 5;

/** Flag of a compressed message. */
export const compressedFlag = 0b0000_0001;

/** Reads the flags of an envelope that starts at `offset`. */
function readEnvelopeFlags(bytes: Uint8Array, offset = 0): number {
	return bytes[offset] as number;
}

/** Reads the length of the message in an envelope that starts at `offset`; needs its whole prefix. */
export function readEnvelopeLength(bytes: Buffer, offset = 0): number {
	return bytes.readUInt32BE(offset + 1);
}

/**
 * Reads the size of the first envelope of a body, its prefix included; 0 until the prefix has
 * arrived.
 */
export function readAnnouncedBytes(start: Buffer, receivedBytes: number): number {
	if (receivedBytes < envelopePrefixBytes) return 0;
	return envelopePrefixBytes + readEnvelopeLength(start);
}

/** Writes a prefix in place. */
function writeEnvelopePrefix(target: Buffer, flags: number, messageBytes: number): void {
	target[0] = flags;
	target.writeUInt32BE(messageBytes, 1);
}

/** Puts a message into its envelope. */
export function createEnvelope(flags: number, message: Uint8Array): Buffer {
	const bytes = Buffer.allocUnsafe(envelopePrefixBytes + message.byteLength);
	writeEnvelopePrefix(bytes, flags, message.byteLength);
	bytes.set(message, envelopePrefixBytes);
	return bytes;
}

/** Joins messages, each in an envelope without flags. */
export function joinEnvelopes(messages: readonly Uint8Array[]): Buffer {
	let length = 0;
	for (const { byteLength } of messages) length += envelopePrefixBytes + byteLength;
	const bytes = Buffer.allocUnsafe(length);
	let at = 0;
	for (const message of messages) {
		bytes[at] = 0;
		bytes.writeUInt32BE(message.byteLength, at + 1);
		bytes.set(message, at + envelopePrefixBytes);
		at += envelopePrefixBytes + message.byteLength;
	}
	return bytes;
}

/** Framing of streams in envelopes: one for all protocols that use them, so that they share its bytes. */
export const envelopeFraming = createFraming("envelope", joinEnvelopes, (frame) =>
	frame.subarray(envelopePrefixBytes),
);

/**
 * Creates the layout of bodies with one message in an envelope.
 * @param checkFlags finds what is wrong with flags besides "compressed"
 */
export function createEnvelopeBody(checkFlags: (flags: number) => Refusal): RequestBody {
	return {
		maxBytes: (messageBytes) => messageBytes + envelopePrefixBytes,
		readAnnouncedBytes,
		open(body, hasEncoding) {
			if (body.byteLength === 0) return protocolViolation("the request message is missing");
			if (body.byteLength < envelopePrefixBytes) return cutShort;
			const end = envelopePrefixBytes + readEnvelopeLength(body);
			if (body.byteLength < end) return cutShort;
			const flags = readEnvelopeFlags(body);
			const isCompressed = (flags & compressedFlag) !== 0;
			if ((flags & ~compressedFlag) !== 0) return checkFlags(flags);
			if (isCompressed && !hasEncoding) {
				return brokenFraming("a compressed message comes without the name of its compression");
			}
			if (body.byteLength > end) {
				return isWholeEnvelope(body.subarray(end)) ? tooMany : cutShort;
			}
			return { bytes: body.subarray(envelopePrefixBytes, end), isCompressed };
		},
	};
}

const cutShort = badRequest("protocol", "the request ends within an envelope");
const tooMany = protocolViolation("there is more than one request message");

function isWholeEnvelope(bytes: Buffer): boolean {
	return (
		bytes.byteLength >= envelopePrefixBytes &&
		bytes.byteLength >= envelopePrefixBytes + readEnvelopeLength(bytes)
	);
}

/** Layout of bodies that are the message itself. */
export const bareBody: RequestBody = {
	maxBytes: (messageBytes) => messageBytes,
	readAnnouncedBytes: undefined,
	open: (bytes, isCompressed) => ({ bytes, isCompressed }),
};
