import type { ServerResponse } from "node:http";
import { boundEnd, type EndedAnswer, waitForDrain } from "./backpressure.ts";
import type { Chunks } from "./chunks.ts";
import type { Connection } from "./connection.ts";
import { Disconnect } from "./disconnect.ts";
import type { Exchange, ExchangeOptions, ResponseEnd, ResponseHead } from "./exchange.ts";
import { fieldOf, type HeaderFields, valuesOf } from "./fields.ts";
import type { H1Request } from "./h1-request.ts";
import { type Lingering, linger } from "./lingering-close.ts";
import { type BodyLimit, type CollectedBody, collectBody, readBody } from "./request-body.ts";
import { runAfterTick } from "./run-after-tick.ts";

/** What the HTTP/1 exchanges of a listener share. */
export interface H1Options extends ExchangeOptions {
	/**
	 * Asked when a head is written: true closes the connection behind this answer (`Connection:
	 * close`).
	 */
	readonly isDraining: () => boolean;
	readonly chunks: Chunks;
}

/** What an exchange knows of its connection. */
export interface H1ConnectionState {
	readonly connection: Connection;
	/** The connection with the HTTP version of one request: each message has its own (RFC 9110, 2.5). */
	connectionAs(httpVersion: string): Connection;
	/** The peer sends no more requests: its side has ended, or a request was malformed. */
	readonly hasStopped: boolean;
	/** Number of calls whose responses have not ended. */
	readonly unanswered: number;
	/** Refuses further requests: a response has said that it is the last (RFC 9112, 9.6). */
	takeNoMore(): void;
}

/** A request and its response. */
export interface H1Call {
	readonly request: H1Request;
	readonly response: ServerResponse;
}

/** An exchange on HTTP/1.x. A class: each call has one, and streams keep it. */
export class H1Exchange implements Exchange, EndedAnswer {
	readonly peer: H1ConnectionState;
	readonly disconnect: Disconnect = new Disconnect();
	readonly #request: H1Request;
	readonly writable: ServerResponse;
	readonly options: H1Options;
	#rawHeaders: HeaderFields | undefined;
	#hasEnded = false;
	/** The head has been given to the socket, or what waits for it. */
	#isHeadOut = false;
	#onPeerEnd: (() => void) | undefined;
	/** Set while the rest of a refused request is read away. */
	#lingering: Lingering | undefined;

	constructor({ request, response }: H1Call, peer: H1ConnectionState, options: H1Options) {
		this.peer = peer;
		this.#request = request;
		this.writable = response;
		this.options = options;
	}

	/** Handles the end of the response or of its connection. */
	closed(): void {
		if (!this.#hasEnded) this.disconnect.trigger();
	}

	/**
	 * Handles the end of the peer's side.
	 * @returns false: this very request is malformed, and its response is given up
	 */
	peerStopped(): boolean {
		if (this.#isRead) {
			if (this.#onPeerEnd !== undefined) this.#endStream(this.#onPeerEnd);
			return true;
		}
		if (this.#hasEnded) {
			this.#lingering?.stop();
			return true;
		}
		this.#hasEnded = true;
		this.disconnect.trigger();
		return false;
	}

	onPeerEnd(callback: () => void): void {
		this.#onPeerEnd = callback;
		if (this.peer.hasStopped) callback();
	}

	#endStream(callback: () => void): void {
		// A reader that takes nothing leaves no room for a last message.
		const { writableNeedDrain, socket } = this.writable;
		if (writableNeedDrain || socket?.writableNeedDrain === true) this.abort();
		else callback();
	}

	get connection(): Connection {
		return this.peer.connectionAs(this.#request.httpVersion);
	}

	/** A body without Content-Length has Transfer-Encoding (RFC 9112, 6.3). */
	get mayHaveBodyUnannounced(): boolean {
		return false;
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

	get rawHeaders(): HeaderFields {
		this.#rawHeaders ??= lowerNames(this.#request.rawHeaders);
		return this.#rawHeaders;
	}

	awaitContinue(): void {
		if (!this.#isRead) this.#request.beforeRead = () => this.writable.writeContinue();
	}

	releaseRequestHead(): void {
		this.#rawHeaders = undefined;
	}

	collectBody(limit: BodyLimit, done: (body: CollectedBody) => void): void {
		collectBody(this.#request, limit, (body) => {
			// Else Node's parser would receive the exception.
			this.#attempt(() => done(body));
		});
	}

	readBody(timeoutMs: number | undefined): AsyncIterable<Uint8Array> {
		const { limits, clock } = this.options;
		this.#request.beforeRead?.();
		return readBody(this.#request, { limits, clock, disconnect: this.disconnect }, timeoutMs);
	}

	writeHead(head: ResponseHead): void {
		const response = this.writable;
		if (response.headersSent || response.destroyed) return;
		// An unread body cannot be distinguished from the next request. Node ends the connection with the last
		// response, so it is not the last while other calls have begun behind it.
		const isLast = !this.#isRead || (this.options.isDraining() && this.peer.unanswered <= 1);
		response.writeHead(
			head.status,
			(isLast ? head.headers.concat("connection", "close") : head.headers) as string[],
		);
		if (isLast || (head.status >= 400 && head.headers.includes("close"))) this.peer.takeNoMore();
		if (head.flush !== true) return;
		response.flushHeaders();
		this.#isHeadOut = true;
	}

	reserve(bodyBytes: number, caller?: string): boolean {
		return this.options.sendQuota.reserve(
			bodyBytes,
			{ connection: this.peer.connection, caller },
			this.writable,
		);
	}

	write(bytes: Uint8Array): boolean {
		const response = this.writable;
		if (this.#hasEnded || response.destroyed) return true;
		const { socket } = response;
		// Node keeps a head for the first write, and what is written while other responses come first.
		if (this.#isHeadOut && response.chunkedEncoding && socket !== null) {
			const chunk = this.options.chunks.make(bytes);
			if (chunk !== undefined) return socket.write(chunk);
		}
		this.#isHeadOut = true;
		// Else Node corks the socket until the end of the tick: the writes of a thousand streams would
		// leave together, whatever turns those streams have taken.
		socket?.cork();
		const hasRoom = response.write(bytes);
		socket?.uncork();
		return hasRoom;
	}

	drained(stallTimeoutMs: number | undefined): Promise<void> {
		const waiting = { clock: this.options.clock, disconnect: this.disconnect, stallTimeoutMs };
		const { socket } = this.writable;
		const target = this.writable.writableNeedDrain || socket === null ? this.writable : socket;
		return waitForDrain(target, waiting, () => this.cutOff());
	}

	end(ending?: ResponseEnd): void {
		if (this.#hasEnded) return;
		this.#hasEnded = true;
		const response = this.writable;
		const body = ending?.body;
		if (response.destroyed) return;
		if (this.#isRead) {
			// Responses of one turn leave together: else each would wake a caller that sleeps again by the next.
			runAfterTick(() => this.#attempt(() => endWith(response, body)));
		} else {
			if (body === undefined) response.flushHeaders();
			else response.write(body);
			this.#lingering = linger(this.#request, this.options.clock, () =>
				this.#attempt(() => response.end()),
			);
		}
		boundEnd(this);
	}

	abort(): void {
		if (!this.#hasEnded) {
			this.disconnect.trigger();
			this.#hasEnded = true;
		}
		// Responses to requests before this one leave first.
		if (this.writable.socket === null) this.writable.once("socket", () => this.cutOff());
		else this.cutOff();
	}

	/** Runs a callback where nobody else can catch what it throws. */
	#attempt(run: () => void): void {
		try {
			run();
		} catch (error) {
			this.fail(error);
		}
	}

	/** Breaks the call off for a fault of this service. */
	fail(error: unknown): void {
		this.options.observer.unexpected(error);
		this.abort();
	}

	get #isRead(): boolean {
		return this.#request.complete || !hasBody(this.rawHeaders);
	}

	cutOff(): void {
		this.#request.socket.destroy();
	}
}

/** Largest body that is written as text, in bytes. */
const maxTextBytes = 8 * 1024;

/**
 * Ends a response with its body. Node writes head and body in one buffer where the body is text, in
 * two where it is not, which costs half as much again. Latin-1 keeps each byte as it is.
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

function lowerNames(raw: readonly string[]): string[] {
	const fields = raw.slice();
	for (let i = 0; i < fields.length; i += 2) fields[i] = (fields[i] as string).toLowerCase();
	return fields;
}

/** Checks whether a request has a body (RFC 9112, 6.3); Node sets "complete" a moment later. */
function hasBody(fields: HeaderFields): boolean {
	if (fieldOf(fields, "transfer-encoding") !== undefined) return true;
	return Number(fieldOf(fields, "content-length") ?? 0) > 0;
}
