import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { boundEnd, waitForDrain } from "./backpressure.ts";
import { readBody } from "./body-reader.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";

/** Unread bytes of a refused request that are read away, so that its answer is not lost to a TCP reset. */
const maxLingerBytes = 64 * 1024;
/** Time for that, in milliseconds. */
const maxLingerMs = 1_000;

/** An exchange on HTTP/1.x. `isDraining` is asked as the head is written: then the connection ends with this answer. */
export function createH1Exchange(
	request: IncomingMessage,
	response: ServerResponse,
	options: ExchangeOptions & { readonly isDraining: () => boolean },
): Exchange {
	const controller = new AbortController();
	let ended = false;
	const { socket } = request;
	const cutOff = () => void socket.destroy();
	const leave = () => {
		socket.off("end", onFin);
		if (!ended) controller.abort(new ConnectError("the caller left", Code.Canceled));
	};
	// Node ends its side too, but "close" waits for what a stalled reader never takes.
	const onFin = () => {
		if (!ended) cutOff();
	};
	socket.on("end", onFin);
	response.on("close", leave);
	// Faults of the connection show as "close"; without a listener they would end the process.
	response.on("error", () => {});
	request.on("error", () => {});
	const [authorities, rawHeaders] = splitHeaders(request.rawHeaders);
	const { headers } = request;
	// Without these there is no body (RFC 9112, 6.3); Node says "complete" a moment later.
	const hasBody = "transfer-encoding" in headers || Number(headers["content-length"] ?? 0) > 0;
	const isRead = () => !hasBody || request.complete;
	return {
		connection: options.connection,
		method: request.method ?? "",
		target: request.url ?? "",
		authorities,
		rawHeaders,
		closed: controller.signal,
		readBody: (timeoutMs) => readBody(request, options, timeoutMs),
		writeHead(head) {
			if (response.headersSent || response.destroyed) return;
			const headers = [...head.headers].flat();
			// A body that is not wanted any more cannot be told from the next request.
			if (options.isDraining() || !isRead()) headers.push("connection", "close");
			response.writeHead(head.status, headers);
			if (head.flush === true) response.flushHeaders();
		},
		write: (bytes) => response.destroyed || response.write(bytes),
		drained: (stallTimeoutMs) =>
			waitForDrain(response, { ...options, closed: controller.signal, stallTimeoutMs }, cutOff),
		end() {
			if (ended) return;
			ended = true;
			boundEnd(response, options, cutOff);
			if (isRead() || response.destroyed) response.end();
			else linger(request, options, () => response.end());
		},
		abort() {
			ended = true;
			cutOff();
		},
	};
}

/** Reads away a bounded rest of the request, then goes on. */
function linger(request: IncomingMessage, options: ExchangeOptions, goOn: () => void): void {
	let left = maxLingerBytes;
	const timer = options.clock.setTimer(maxLingerMs, finish);
	function finish(): void {
		timer.cancel();
		request.off("data", take).off("end", finish).off("close", finish);
		goOn();
	}
	function take(chunk: Uint8Array): void {
		left -= chunk.byteLength;
		if (left <= 0) finish();
	}
	request.on("data", take).on("end", finish).on("close", finish).resume();
}

function splitHeaders(raw: readonly string[]): [authorities: string[], others: string[]] {
	const authorities: string[] = [];
	const others: string[] = [];
	for (let i = 0; i + 1 < raw.length; i += 2) {
		const name = (raw[i] as string).toLowerCase();
		const value = raw[i + 1] as string;
		if (name === "host") authorities.push(value);
		others.push(name, value);
	}
	return [authorities, others];
}
