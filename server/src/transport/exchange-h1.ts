import type { ServerResponse } from "node:http";
import { afterTurn } from "./after-turn.ts";
import { boundEnd, type EndedAnswer, waitForDrain } from "./backpressure.ts";
import { type BodyLimit, type CollectedBody, collectBody } from "./body-collector.ts";
import { readBody } from "./body-reader.ts";
import { Departure } from "./departure.ts";
import type { Connection, Ending, Exchange, ExchangeOptions, Head } from "./exchange.ts";
import { type Fields, fieldOf, valuesOf } from "./fields.ts";
import type { H1Request } from "./h1-request.ts";

/** Unread bytes of a refused request that are read away, so that its answer is not lost to a TCP reset. */
const maxLingerBytes = 64 * 1024;
/** Time for that, in milliseconds. */
const maxLingerMs = 1_000;

/** What exchanges share. */
export interface H1Options extends ExchangeOptions {
	/** Asked as a head is written: then the connection ends with this answer. */
	readonly isDraining: () => boolean;
}

/** The other end of a connection. */
export interface Peer {
	readonly connection: Connection;
	/** Requests whose answers have not ended. */
	unanswered: number;
}

/** A request, and where its answer goes. */
export interface H1Call {
	readonly request: H1Request;
	readonly response: ServerResponse;
}

/** An exchange on HTTP/1.x. A class: each call has one, and streams keep it. */
export class H1Exchange implements Exchange, EndedAnswer {
	readonly peer: Peer;
	readonly departure: Departure = new Departure();
	readonly #request: H1Request;
	readonly writable: ServerResponse;
	readonly options: H1Options;
	#rawHeaders: Fields | undefined;
	#hasEnded = false;

	constructor({ request, response }: H1Call, peer: Peer, options: H1Options) {
		this.peer = peer;
		this.#request = request;
		this.writable = response;
		this.options = options;
	}

	/** To be told when the answer is out, or its connection gone. */
	closed(): void {
		if (!this.#hasEnded) this.departure.happen();
	}

	get connection(): Connection {
		return this.peer.connection;
	}

	get method(): string {
		return this.#request.method ?? "";
	}

	get target(): string {
		return this.#request.url ?? "";
	}

	get authorities(): readonly string[] {
		return valuesOf(this.rawHeaders, "host");
	}

	get rawHeaders(): Fields {
		this.#rawHeaders ??= lowerNames(this.#request.rawHeaders);
		return this.#rawHeaders;
	}

	forgetRequest(): void {
		this.#rawHeaders = undefined;
	}

	collectBody(limit: BodyLimit, done: (body: CollectedBody) => void): void {
		collectBody(this.#request, limit, done);
	}

	readBody(timeoutMs: number | undefined): AsyncIterable<Uint8Array> {
		return readBody(this.#request, this.options, timeoutMs);
	}

	writeHead(head: Head): void {
		const response = this.writable;
		if (response.headersSent || response.destroyed) return;
		// A body that is not wanted any more cannot be told from the next request.
		const isLast = this.options.isDraining() || !this.#isRead;
		response.writeHead(
			head.status,
			(isLast ? head.headers.concat("connection", "close") : head.headers) as string[],
		);
		if (head.flush === true) response.flushHeaders();
	}

	reserve(bodyBytes: number): boolean {
		return this.options.unread.reserve(bodyBytes, this.connection, this.writable);
	}

	write(bytes: Uint8Array): boolean {
		const response = this.writable;
		if (response.destroyed) return true;
		// Else Node corks the socket and writes at the end of the tick: the writes of a thousand streams
		// would come in one go then, whatever turns those streams have taken.
		const { socket } = response;
		socket?.cork();
		const hasRoom = response.write(bytes);
		socket?.uncork();
		return hasRoom;
	}

	drained(stallTimeoutMs: number | undefined): Promise<void> {
		const waiting = { clock: this.options.clock, departure: this.departure, stallTimeoutMs };
		return waitForDrain(this.writable, waiting, () => this.cutOff());
	}

	end(ending?: Ending): void {
		if (this.#hasEnded) return;
		this.#hasEnded = true;
		const response = this.writable;
		const body = ending?.body;
		if (response.destroyed) return;
		if (this.#isRead) {
			// The answers of one turn leave together: else each would wake a caller who sleeps again by the next.
			afterTurn(() => endWith(response, body));
		} else {
			if (body !== undefined) response.write(body);
			linger(this.#request, this.options, () => response.end());
		}
		boundEnd(this);
	}

	abort(): void {
		this.#hasEnded = true;
		this.cutOff();
	}

	get #isRead(): boolean {
		return this.#request.complete || !hasBody(this.rawHeaders);
	}

	cutOff(): void {
		this.#request.socket.destroy();
	}
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
	const bytes = Buffer.isBuffer(body) ? body : Buffer.from(buffer, byteOffset, byteLength);
	response.end(bytes.toString("latin1"), "latin1");
}

/** Reads away a bounded rest of the request, then goes on. */
function linger(request: H1Request, options: ExchangeOptions, goOn: () => void): void {
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
	request.discard();
	request.on("data", take).on("end", finish).on("close", finish);
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
