/** Header of a message: where it is, and how long the message is. */
interface Header {
	readonly headBytes: number;
	readonly messageBytes: number;
}

/**
 * Finds the text messages of a WebSocket server in bytes that come in any pieces (RFC 6455, 5.2), just
 * enough for a load client: each in one frame, without a mask.
 * @returns takes what the socket gives; throws Error on another frame than text and PING, with the reason of a CLOSE
 */
export function createMessageReader(
	onMessage: (message: Buffer) => void,
	onPing: () => void,
): (chunk: Buffer) => void {
	let rest: Buffer | undefined;

	return (chunk) => {
		const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
		let at = 0;
		for (;;) {
			const header = readHeader(data, at);
			if (header === undefined) break;
			const start = at + header.headBytes;
			const end = start + header.messageBytes;
			if (end > data.length) break;
			const opcode = data[at];
			if (opcode === 0x81) onMessage(data.subarray(start, end));
			else if (opcode === 0x88)
				throw new Error(`closed: ${data.toString("latin1", start + 2, end)}`);
			else if (opcode === 0x89) onPing();
			else throw new Error(`a frame that begins with ${opcode}`);
			at = end;
		}
		rest = at === data.length ? undefined : data.subarray(at);
	};
}

/** @returns undefined: it is not there yet */
function readHeader(data: Buffer, at: number): Header | undefined {
	if (data.length < at + 2) return undefined;
	const short = data[at + 1] as number;
	if (short < 126) return { headBytes: 2, messageBytes: short };
	const headBytes = short === 126 ? 4 : 10;
	if (data.length < at + headBytes) return undefined;
	const messageBytes =
		short === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
	return { headBytes, messageBytes };
}

/** The answer to a PING without content; its mask is 0. */
export const emptyPong: Buffer = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** Creates a text message of a client: the mask is 0, so that it is not seen. */
export function createClientMessage(text: string): Buffer {
	const message = Buffer.from(text);
	const head = Buffer.alloc(message.length < 126 ? 6 : 8);
	head[0] = 0x81;
	if (message.length < 126) head[1] = 0x80 | message.length;
	else {
		head[1] = 0x80 | 126;
		head.writeUInt16BE(message.length, 2);
	}
	return Buffer.concat([head, message]);
}

/** Counts the messages in bytes that hold whole ones: the load writes each at once (`createClientMessage`). */
export function countClientMessages(bytes: Buffer): number {
	let count = 0;
	for (let at = 0; at < bytes.length; count++) {
		const short = (bytes[at + 1] as number) & 0x7f;
		at += short < 126 ? 6 + short : 8 + bytes.readUInt16BE(at + 2);
	}
	return count;
}

/** Creates a text message of a server. */
export function createServerMessage(message: Buffer): Buffer {
	const head = Buffer.alloc(message.length < 126 ? 2 : 4);
	head[0] = 0x81;
	if (message.length < 126) head[1] = message.length;
	else {
		head[1] = 126;
		head.writeUInt16BE(message.length, 2);
	}
	return Buffer.concat([head, message]);
}
