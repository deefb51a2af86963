import type { Socket } from "node:net";
import type { Clock } from "../clock.ts";

/** The start of HTTP/2's connection preface (RFC 9113, 3.4) that no HTTP/1 request line can have. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Options of the protocol split. */
export interface SplitOptions {
	readonly clock: Clock;
	/** Time until the version must be clear, in milliseconds, however slowly the bytes come. */
	readonly timeoutMs: number;
	readonly onHttp1: (socket: Socket) => void;
	readonly onHttp2: (socket: Socket) => void;
	readonly onTimeout: () => void;
}

/**
 * Detects HTTP/2 or HTTP/1 by the first bytes of a connection, and puts them back before it passes
 * the connection on. Reads no more than needed: "PROPFIND" and "PRI" differ at the third byte.
 */
export function splitByFirstBytes(socket: Socket, options: SplitOptions): void {
	let seen = Buffer.alloc(0);
	const timer = options.clock.setTimer(options.timeoutMs, () => {
		socket.destroy();
		options.onTimeout();
	});
	socket.on("readable", onReadable);
	socket.on("close", leave);
	// HTTP servers allow half-open connections, so a silent one must be ended here.
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
