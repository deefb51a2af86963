import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** Longer inputs are written byte by byte at both ends only: a million writes show no more. */
const maxSplitBytes = 2 * 1024;
const headBytes = 1024;
const tailBytes = 256;

/** How a client writes what it has to say. */
export type Manner = "whole" | "byte by byte";

/** Writes to a socket with TCP_NODELAY, in one write or in one-byte ones. */
export async function writeBytes(socket: Socket, bytes: Uint8Array, manner: Manner): Promise<void> {
	for (const part of manner === "whole" ? [bytes] : partsOf(bytes)) {
		if (socket.destroyed) return;
		await new Promise((resolve) => socket.write(part, resolve));
	}
}

/** The socket as a stream whose first writes go out byte by byte, for clients that write frames. */
export function byteByByte(socket: Socket): Duplex {
	let leftBytes = maxSplitBytes;
	const stream = new Duplex({
		read: () => void socket.resume(),
		write(chunk: Uint8Array, _encoding, done) {
			const manner = leftBytes > 0 ? "byte by byte" : "whole";
			leftBytes -= chunk.byteLength;
			void writeBytes(socket, chunk, manner).then(() => done(), done);
		},
		final: (done) => void socket.end(done),
		destroy(error, done) {
			socket.destroy();
			done(error);
		},
	});
	socket.on("data", (chunk) => {
		if (!stream.push(chunk)) socket.pause();
	});
	socket.on("end", () => stream.push(null));
	socket.on("close", () => stream.destroy());
	socket.on("error", () => {});
	return stream;
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
	const isShort = bytes.byteLength <= maxSplitBytes;
	const headEnd = isShort ? bytes.byteLength : headBytes;
	const tailStart = isShort ? bytes.byteLength : bytes.byteLength - tailBytes;
	for (let i = 0; i < headEnd; i++) yield bytes.subarray(i, i + 1);
	if (tailStart > headEnd) yield bytes.subarray(headEnd, tailStart);
	for (let i = tailStart; i < bytes.byteLength; i++) yield bytes.subarray(i, i + 1);
}
