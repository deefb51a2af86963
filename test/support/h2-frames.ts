/** Connection preface of HTTP/2 and an empty SETTINGS frame (RFC 9113, 3.4). */
export const h2Preface = Buffer.concat([
	Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	frame(4, 0, 0),
]);

/** Acknowledges the server's SETTINGS. */
export const h2SettingsAck = frame(4, 1, 0);

/** A frame with its nine-byte header (RFC 9113, 4.1). */
export function frame(
	type: number,
	flags: number,
	streamId: number,
	...payload: readonly Uint8Array[]
): Buffer {
	const body = Buffer.concat(payload);
	const head = Buffer.alloc(9);
	head.writeUIntBE(body.byteLength, 0, 3);
	head.writeUInt8(type, 3);
	head.writeUInt8(flags, 4);
	head.writeUInt32BE(streamId, 5);
	return Buffer.concat([head, body]);
}

/**
 * HEADERS with END_HEADERS; fields as literals without indexing (RFC 7541, 6.2.2). What is more
 * than a frame holds goes on in CONTINUATION.
 */
export function headersFrame(
	streamId: number,
	fields: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[],
	options: { readonly endStream?: boolean; readonly endHeaders?: boolean } = {},
): Buffer {
	const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
	const block = Buffer.concat(
		pairs.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
	);
	const frames: Buffer[] = [];
	for (let at = 0; at === 0 || at < block.byteLength; at += maxFrameBytes) {
		const isLast = at + maxFrameBytes >= block.byteLength;
		const endHeaders = isLast && options.endHeaders !== false ? 4 : 0;
		const endStream = at === 0 && options.endStream === true ? 1 : 0;
		const part = block.subarray(at, at + maxFrameBytes);
		frames.push(frame(at === 0 ? 1 : 9, endHeaders | endStream, streamId, part));
	}
	return Buffer.concat(frames);
}

/** Largest payload that a server takes without having said so (RFC 9113, 4.2). */
const maxFrameBytes = 16_384;

/** RST_STREAM with CANCEL. */
export function resetFrame(streamId: number): Buffer {
	return frame(3, 0, streamId, Buffer.from([0, 0, 0, 8]));
}

/** A string without Huffman coding; its length with a prefix of seven bits (RFC 7541, 5.1). */
function text(value: string): Buffer {
	const length = [Math.min(value.length, 127)];
	for (let rest = value.length - 127; rest >= 0; rest = rest < 128 ? -1 : rest >> 7) {
		length.push(rest < 128 ? rest : (rest & 127) | 128);
	}
	return Buffer.concat([Buffer.from(length), Buffer.from(value, "latin1")]);
}

const typeNames = [
	"DATA",
	"HEADERS",
	"PRIORITY",
	"RST_STREAM",
	"SETTINGS",
	"PUSH",
	"PING",
	"GOAWAY",
];

/** A frame that a server sent. */
export interface ReceivedFrame {
	readonly type: string;
	readonly streamId: number;
	readonly payload: Buffer;
}

/** The whole frames in what a server sent. */
export function readFrames(bytes: Buffer): ReceivedFrame[] {
	const frames: ReceivedFrame[] = [];
	for (let at = 0; at + 9 <= bytes.byteLength; ) {
		const end = at + 9 + bytes.readUIntBE(at, 3);
		if (end > bytes.byteLength) break;
		const type = typeNames[bytes.readUInt8(at + 3)] ?? "other";
		const streamId = bytes.readUInt32BE(at + 5);
		frames.push({ type, streamId, payload: bytes.subarray(at + 9, end) });
		at = end;
	}
	return frames;
}

/** Types of the whole frames in what a server sent. */
export function frameTypes(bytes: Buffer): string[] {
	return readFrames(bytes).map(({ type }) => type);
}
