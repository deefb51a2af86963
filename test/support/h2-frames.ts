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

/** HEADERS with END_HEADERS; fields as literals without indexing (RFC 7541, 6.2.2). */
export function headersFrame(
	streamId: number,
	fields: Readonly<Record<string, string>>,
	options: { readonly endStream?: boolean; readonly endHeaders?: boolean } = {},
): Buffer {
	const block = Object.entries(fields).map(([name, value]) =>
		Buffer.concat([Buffer.from([0]), text(name), text(value)]),
	);
	const flags = (options.endHeaders === false ? 0 : 4) | (options.endStream === true ? 1 : 0);
	return frame(1, flags, streamId, ...block);
}

/** RST_STREAM with CANCEL. */
export function resetFrame(streamId: number): Buffer {
	return frame(3, 0, streamId, Buffer.from([0, 0, 0, 8]));
}

/** A string without Huffman coding, shorter than 127 bytes. */
function text(value: string): Buffer {
	return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
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

/** Types of the whole frames in what a server sent. */
export function frameTypes(bytes: Buffer): string[] {
	const types: string[] = [];
	for (let at = 0; at + 9 <= bytes.byteLength; at += 9 + bytes.readUIntBE(at, 3)) {
		types.push(typeNames[bytes.readUInt8(at + 3)] ?? "other");
	}
	return types;
}
