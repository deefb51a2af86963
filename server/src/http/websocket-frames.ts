/** First byte of a text message in one frame (RFC 6455, 5.2). */
const finalText = 0x81;

/**
 * Creates the beginning of a text message in one frame without a mask: its header, and the first
 * bytes of its payload.
 * @param head first bytes; copied
 * @param bodyBytes bytes that follow
 */
export function createTextFrame(head: Uint8Array, bodyBytes: number): Buffer {
	const length = head.byteLength + bodyBytes;
	const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
	const frame = Buffer.allocUnsafe(headerBytes + head.byteLength);
	frame[0] = finalText;
	if (headerBytes === 2) frame[1] = length;
	else if (headerBytes === 4) {
		frame[1] = 126;
		frame.writeUInt16BE(length, 2);
	} else {
		frame[1] = 127;
		frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
		frame.writeUInt32BE(length % 2 ** 32, 6);
	}
	frame.set(head, headerBytes);
	return frame;
}

/** Reasons of the close codes (RFC 6455, 7.4.1) by which a connection ends that breaks its rules. */
export const closeWords: Readonly<Record<number, string>> = {
	1002: "a frame breaks the rules of RFC 6455",
	1007: "a text is not UTF-8",
	1008: "a message comes in too many pieces",
	1009: "a message is too large",
};
