import type { Socket } from "node:net";
import type { Clock } from "../clock.ts";

/** The start of HTTP/2's connection preface (RFC 9113, 3.4) that no HTTP/1 request line can have. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Where a cleartext connection goes. */
export interface SplitOptions {
	readonly clock: Clock;
	/** Time until the version is clear, in milliseconds, however the bytes trickle. */
	readonly timeoutMs: number;
	readonly onHttp1: (socket: Socket) => void;
	readonly onHttp2: (socket: Socket) => void;
	readonly onTimeout: () => void;
}

/**
 * Tells HTTP/2 from HTTP/1 by a connection's first bytes, which are put back
 * before it is handed on. Reads as few as it takes: "PROPFIND" and "PRI" part at
 * the third.
 */
export function splitByFirstBytes(socket: Socket, options: SplitOptions): void {
	let seen = Buffer.alloc(0);
	const timer = options.clock.setTimer(options.timeoutMs, () => {
		socket.destroy();
		options.onTimeout();
	});
	socket.on("readable", onReadable);
	socket.on("close", leave);
	// HTTP servers allow half-open connections, so the end of a silent one is ours to answer.
	socket.on("end", onEnd);

	function leave(): void {
		timer.cancel();
		socket.off("readable", onReadable).off("close", leave).off("end", onEnd);
	}
	function onEnd(): void {
		socket.destroy();
	}
	function onReadable(): void {
		const chunk: Buffer | null = socket.read();
		if (chunk === null) return;
		seen = Buffer.concat([seen, chunk]);
		const compared = Math.min(seen.byteLength, preface.byteLength);
		const isHttp2 = seen.subarray(0, compared).equals(preface.subarray(0, compared));
		if (isHttp2 && compared < preface.byteLength) return;
		leave();
		socket.unshift(seen);
		if (isHttp2) options.onHttp2(socket);
		else options.onHttp1(socket);
	}
}
