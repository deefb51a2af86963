import { createHash } from "node:crypto";
import { openRaw, type RawClient } from "./raw-client.ts";
import { until } from "./until.ts";

/** A frame as a server sends it: without a mask. */
export interface ServerFrame {
	readonly isFinal: boolean;
	readonly opcode: number;
	readonly payload: Buffer;
}

/** What a frame is made of; what is left out is as it should be. */
export interface FrameParts {
	/** Default: 1, text. */
	readonly opcode?: number;
	readonly isFinal?: boolean;
	readonly isMasked?: boolean;
	/** Reserved bits, as in 0x40. Default: 0. */
	readonly reserved?: number;
	/** Length that the header says, in place of the payload's. */
	readonly length?: number;
}

/** Creates a frame of a client (RFC 6455, 5.2). */
export function createClientFrame(payload: string | Buffer, parts: FrameParts = {}): Buffer {
	const { opcode = 1, isFinal = true, isMasked = true, reserved = 0 } = parts;
	const bytes = Buffer.from(payload);
	const length = parts.length ?? bytes.byteLength;
	const head = [(isFinal ? 0x80 : 0) | reserved | opcode];
	const mask = isMasked ? 0x80 : 0;
	if (length < 126) head.push(mask | length);
	else if (length < 65_536) head.push(mask | 126, length >> 8, length & 0xff);
	else {
		const wide = Buffer.alloc(8);
		wide.writeBigUInt64BE(BigInt(length));
		head.push(mask | 127, ...wide);
	}
	if (!isMasked) return Buffer.concat([Buffer.from(head), bytes]);
	const key = Buffer.from([1, 2, 3, 4]);
	const masked = bytes.map((byte, at) => byte ^ (key[at % 4] as number));
	return Buffer.concat([Buffer.from(head), key, masked]);
}

/** Reads whole frames; throws where one is masked or has reserved bits. */
export function readServerFrames(bytes: Buffer): { frames: ServerFrame[]; rest: Buffer } {
	const frames: ServerFrame[] = [];
	let at = 0;
	while (bytes.byteLength >= at + 2) {
		const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
		if ((first & 0x70) !== 0) throw new Error("a frame has reserved bits");
		if ((second & 0x80) !== 0) throw new Error("a frame of the server is masked");
		let [length, start] = [second, at + 2];
		if (length === 126) [length, start] = [bytes.readUInt16BE(start), start + 2];
		else if (length === 127) [length, start] = [Number(bytes.readBigUInt64BE(start)), start + 8];
		if (bytes.byteLength < start + length) break;
		const payload = bytes.subarray(start, start + length);
		frames.push({ isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, payload });
		at = start + length;
	}
	return { frames, rest: bytes.subarray(at) };
}

const key = "dGhlIHNhbXBsZSBub25jZQ==";

/** A handshake (RFC 6455, 4.1). */
export function createHandshake(path: string, ...fields: readonly string[]): string {
	return [
		`GET ${path} HTTP/1.1`,
		"Host: localhost",
		"Connection: Upgrade",
		"Upgrade: websocket",
		"Sec-WebSocket-Version: 13",
		`Sec-WebSocket-Key: ${key}`,
		...fields,
		"",
		"",
	].join("\r\n");
}

/** A message of the server. */
// biome-ignore lint/suspicious/noExplicitAny: JSON that each test judges for itself
export type Said = any;

/** A WebSocket on which a test writes what it likes. */
export interface RawWebSocket {
	readonly raw: RawClient;
	/** Head of the response. */
	readonly head: string;
	/** Sends JSON as one frame. */
	send(message: unknown): Promise<void>;
	sendFrame(payload: string | Buffer, parts?: FrameParts): Promise<void>;
	/** Frames that came so far. */
	frames(): readonly ServerFrame[];
	/** Text messages that came so far, parsed. */
	said(): readonly Said[];
	/** Hears each message from now on, and answers pings; none is kept any more, nor are their frames. */
	onSaid(hear: (message: Said) => void): void;
	/** Waits for a message that satisfies the condition. */
	expectSaid(condition: (message: Said) => boolean, what?: string): Promise<Said>;
	/** Waits for the close frame, and answers it. */
	expectClose(): Promise<{ readonly code: number; readonly reason: string }>;
	/** Closes as a client in order does. */
	close(): Promise<void>;
}

/** Opens a WebSocket. */
export async function openRawWebSocket(
	port: number,
	path = "/api/v1/ws",
	...fields: readonly string[]
): Promise<RawWebSocket> {
	const raw = await openRaw(port);
	await raw.send(createHandshake(path, ...fields));
	await until("the response's head arrives", () => raw.received().includes("\r\n\r\n"));
	const end = raw.received().indexOf("\r\n\r\n") + 4;
	const head = raw.received().slice(0, end);
	if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(head);
	const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
	if (!head.includes(`Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n`)) throw new Error(head);
	const frames: ServerFrame[] = [];
	const messages: Said[] = [];
	let rest: Buffer = Buffer.alloc(0);
	let hear: ((message: Said) => void) | undefined;
	const take = (chunk: Buffer) => {
		const read = readServerFrames(Buffer.concat([rest, chunk]));
		rest = Buffer.from(read.rest);
		for (const frame of read.frames) {
			const { opcode, payload } = frame;
			if (hear === undefined) frames.push(frame);
			if (hear !== undefined && opcode === 9) void sendFrame(payload, { opcode: 10 });
			if (opcode !== 1) continue;
			const message = JSON.parse(payload.toString());
			if (hear === undefined) messages.push(message);
			else hear(message);
		}
	};
	take(Buffer.from(raw.received().slice(end), "latin1"));
	raw.socket.on("data", take);
	const closeFrame = () => frames.find(({ opcode }) => opcode === 8);
	const sendFrame = (payload: string | Buffer, parts?: FrameParts) =>
		raw.send(createClientFrame(payload, parts));
	return {
		raw,
		head,
		sendFrame,
		send: (message) => sendFrame(JSON.stringify(message)),
		frames: () => frames,
		said: () => messages,
		onSaid(listener) {
			hear = listener;
			// What keeps all bytes goes, too.
			raw.socket.removeAllListeners("data").on("data", take);
		},
		async expectSaid(condition, what = "a message") {
			await until(`${what} arrives`, () => messages.some(condition));
			return messages.find(condition);
		},
		async expectClose() {
			await until("the close frame arrives", () => closeFrame() !== undefined);
			const { payload } = closeFrame() as ServerFrame;
			await sendFrame(payload, { opcode: 8 });
			await raw.expectClosed();
			return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
		},
		async close() {
			await sendFrame(Buffer.from([0x03, 0xe8]), { opcode: 8 });
			await raw.expectClosed();
		},
	};
}
