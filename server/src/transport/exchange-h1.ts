import type { IncomingMessage, ServerResponse } from "node:http";
import { afterTurn } from "./after-turn.ts";
import { boundEnd, waitForDrain } from "./backpressure.ts";
import { collectBody } from "./body-collector.ts";
import { readBody } from "./body-reader.ts";
import { Departure } from "./departure.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import { type Fields, fieldOf } from "./fields.ts";

/** Unread bytes of a refused request that are read away, so that its answer is not lost to a TCP reset. */
const maxLingerBytes = 64 * 1024;
/** Time for that, in milliseconds. */
const maxLingerMs = 1_000;

/** Faults of the connection show as "close"; without a listener they would end the process. */
const ignore = (): void => {};

/** An exchange on HTTP/1.x. `isDraining` is asked as the head is written: then the connection ends with this answer. */
export function createH1Exchange(
	request: IncomingMessage,
	response: ServerResponse,
	options: ExchangeOptions & { readonly isDraining: () => boolean },
): Exchange {
	const departure = new Departure();
	let ended = false;
	const cutOff = () => void request.socket.destroy();
	response.on("close", () => {
		if (!ended) departure.happen();
	});
	response.on("error", ignore);
	request.on("error", ignore);
	const rawHeaders = lowerNames(request.rawHeaders);
	const isRead = () => request.complete || !hasBody(rawHeaders);
	return {
		connection: options.connection,
		method: request.method ?? "",
		target: request.url ?? "",
		authorities: rawHeaders.filter((_, i) => rawHeaders[i - 1] === "host" && i % 2 === 1),
		rawHeaders,
		departure,
		collectBody: (limit, done) => collectBody(request, limit, done),
		readBody: (timeoutMs) => readBody(request, options, timeoutMs),
		writeHead(head) {
			if (response.headersSent || response.destroyed) return;
			// A body that is not wanted any more cannot be told from the next request.
			const isLast = options.isDraining() || !isRead();
			response.writeHead(
				head.status,
				(isLast ? [...head.headers, "connection", "close"] : head.headers) as string[],
			);
			if (head.flush === true) response.flushHeaders();
		},
		reserve: (bytes) => options.unread.reserve(bytes, options.connection, response),
		write: (bytes) => response.destroyed || response.write(bytes),
		drained: (stallTimeoutMs) =>
			waitForDrain(response, { clock: options.clock, departure, stallTimeoutMs }, cutOff),
		end(ending) {
			if (ended) return;
			ended = true;
			const body = ending?.body;
			if (response.destroyed) return;
			if (isRead()) {
				// The answers of one turn leave together: else each would wake a caller who sleeps again by the next.
				afterTurn(() => endWith(response, body));
			} else {
				if (body !== undefined) response.write(body);
				linger(request, options, () => response.end());
			}
			boundEnd(response, options, cutOff);
		},
		abort() {
			ended = true;
			cutOff();
		},
	};
}

/** Larger bodies go as they are, in bytes. */
const maxTextBytes = 8 * 1024;

/**
 * Head and a small body leave in one write where the body is text, in two buffers where it is not:
 * that costs half as much again. Latin-1 gives each byte back as it was.
 */
function endWith(response: ServerResponse, body: Uint8Array | undefined): void {
	if (body === undefined || body.byteLength > maxTextBytes) {
		response.end(body);
		return;
	}
	const { buffer, byteOffset, byteLength } = body;
	response.end(Buffer.from(buffer, byteOffset, byteLength).toString("latin1"), "latin1");
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
		// To end now would reset the connection; the peer has the rest of the time to read.
		if (left <= 0) request.off("data", take).pause();
	}
	request.on("data", take).on("end", finish).on("close", finish).resume();
}

function lowerNames(raw: readonly string[]): string[] {
	const fields = raw.slice();
	for (let i = 0; i < fields.length; i += 2) fields[i] = (fields[i] as string).toLowerCase();
	return fields;
}

/** Without these there is no body (RFC 9112, 6.3); Node says "complete" a moment later. */
function hasBody(fields: Fields): boolean {
	if (fieldOf(fields, "transfer-encoding") !== undefined) return true;
	return Number(fieldOf(fields, "content-length") ?? 0) > 0;
}
