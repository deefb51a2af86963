/** Flags byte and length of an enveloped message (Connect, gRPC and gRPC-Web protocols). */
export const envelopePrefixBytes = 5;

/** The message is compressed. */
export const compressedFlag = 0b0000_0001;

/** The flags of an envelope that starts at `offset`. */
export function readEnvelopeFlags(bytes: Uint8Array, offset = 0): number {
	return bytes[offset] as number;
}

/** Length of the message in an envelope that starts at `offset`; needs its whole prefix. */
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
export function writeEnvelopePrefix(target: Buffer, flags: number, messageBytes: number): void {
	target[0] = flags;
	target.writeUInt32BE(messageBytes, 1);
}

/** A message in its envelope; `allocate` gives its memory, Node's pool where nobody says. */
export function createEnvelope(
	flags: number,
	message: Uint8Array,
	allocate: (bytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
	const bytes = allocate(envelopePrefixBytes + message.byteLength);
	writeEnvelopePrefix(bytes, flags, message.byteLength);
	bytes.set(message, envelopePrefixBytes);
	return bytes;
}
