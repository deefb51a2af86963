/** First byte of a frame that is a whole message (RFC 6455, 5.2), by what it is. */
const firstBytes = { text: 0x81, pong: 0x8a } as const;

/** Longest header of a frame without a mask. */
const maxHeaderBytes = 10;

/**
 * Creates the beginning of a frame without a mask: its header, and the first bytes of its payload.
 * @param head first bytes of the payload
 * @param bodyBytes bytes that follow
 */
function beginFrame(kind: keyof typeof firstBytes, head: string, bodyBytes: number): Buffer {
	const headBytes = Buffer.byteLength(head);
	const frame = Buffer.allocUnsafe(maxHeaderBytes + headBytes);
	const length = headBytes + bodyBytes;
	frame[0] = firstBytes[kind];
	let at = 2;
	if (length < 126) frame[1] = length;
	else if (length < 65_536) {
		frame[1] = 126;
		at = frame.writeUInt16BE(length, at);
	} else {
		frame[1] = 127;
		at = frame.writeUInt32BE(Math.floor(length / 2 ** 32), at);
		at = frame.writeUInt32BE(length % 2 ** 32, at);
	}
	at += frame.write(head, at);
	return frame.subarray(0, at);
}

/** Creates a pong with the payload of a ping (RFC 6455, 5.5.3). */
export function createPongFrame(payload: Uint8Array): Buffer {
	return Buffer.concat([beginFrame("pong", "", payload.byteLength), payload]);
}

/** Longest body that is copied into its frame, in bytes: a write of its own costs more than that. */
const maxCopiedBytes = 16 * 1024;
/** Bytes of frames that are kept for other sockets. */
const maxSharedBytes = 256 * 1024;

/** A text message in one frame. */
export interface TextFrame {
	readonly start: Buffer;
	/** What is to be written behind it; undefined: nothing, `start` is all of the frame. */
	readonly rest: Uint8Array | undefined;
}

/**
 * Makes text frames, and the same one once for all sockets: what has just been sent to one is sent to
 * the next. Keeps the frames of the last body alone, by what stands before it.
 */
export class TextFrames {
	#body: Uint8Array | undefined;
	readonly #frames = new Map<string, TextFrame>();
	#bytes = 0;

	/**
	 * Makes a frame.
	 * @param head beginning of the message
	 * @param body the rest of it; must not change
	 */
	make(head: string, body: Uint8Array | undefined): TextFrame {
		if (body === undefined) return { start: beginFrame("text", head, 0), rest: undefined };
		if (body.byteLength > maxCopiedBytes) {
			return { start: beginFrame("text", head, body.byteLength), rest: body };
		}
		if (this.#body !== body) this.#keep(body);
		let frame = this.#frames.get(head);
		if (frame === undefined) {
			const start = Buffer.concat([beginFrame("text", head, body.byteLength), body]);
			frame = { start, rest: undefined };
			this.#bytes += start.byteLength;
			if (this.#bytes > maxSharedBytes) this.#keep(body);
			this.#frames.set(head, frame);
		}
		return frame;
	}

	#keep(body: Uint8Array): void {
		this.#body = body;
		this.#frames.clear();
		this.#bytes = 0;
	}
}

/** Reasons of the close codes (RFC 6455, 7.4.1) by which a connection ends that breaks its rules. */
export const closeWords: Readonly<Record<number, string>> = {
	1002: "a frame breaks the rules of RFC 6455",
	1007: "a text is not UTF-8",
	1008: "a message comes in too many pieces",
	1009: "a message is too large",
};
