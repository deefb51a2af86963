import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { boundEnd, type EndedAnswer, waitForDrain } from "./backpressure.ts";
import type { Connection } from "./connection.ts";
import { Disconnect } from "./disconnect.ts";
import type { Exchange, ExchangeOptions, ResponseEnd, ResponseHead } from "./exchange.ts";
import { type HeaderFields, valuesOf } from "./fields.ts";
import {
	type BodyLimit,
	type BodySink,
	type BodySource,
	type CollectedBody,
	collectBody,
	readBody,
} from "./request-body.ts";
import { runAfterTick } from "./run-after-tick.ts";

/** Interval of the check whether a response is out whose request still arrives, in ms. */
const uploadPollMs = 10;

/** Parts of the head of a request. */
type RequestHead = Pick<Exchange, "method" | "target" | "authorities" | "rawHeaders">;

const noFields: HeaderFields = [];

const forgotten: RequestHead = { method: "", target: "", authorities: [], rawHeaders: [] };

/**
 * Key of the exchange on its stream, so that one listener serves all streams. A listener for each
 * would be one more closure, and work to remove it.
 */
export const carried = Symbol("exchange");
export type CarryingStream = ServerHttp2Stream & { [carried]?: H2Exchange };

function onData(this: CarryingStream, chunk: Buffer): void {
	this[carried]?.came(chunk);
}

function onEnd(this: CarryingStream): void {
	this[carried]?.cameToItsEnd();
}

function onWantTrailers(this: CarryingStream): void {
	this[carried]?.sendTrailers();
}

/** A stream and the header fields of its request, pseudo headers included. */
export interface H2Call {
	readonly stream: ServerHttp2Stream;
	readonly raw: readonly string[];
}

/**
 * An exchange on a stream of HTTP/2, over the stream itself: Node's compatibility API costs a
 * quarter more. A class: each call has one, and streams keep it.
 */
export class H2Exchange implements Exchange, EndedAnswer, BodySource {
	readonly connection: Connection;
	readonly disconnect: Disconnect = new Disconnect();
	readonly writable: ServerHttp2Stream;
	readonly options: ExchangeOptions;
	#head: RequestHead;
	#sink: BodySink | undefined;
	#trailers: HeaderFields = noFields;
	#hasEnded = false;
	#awaitsContinue = false;
	#peerHasStopped = false;
	#onPeerEnd: (() => void) | undefined;

	constructor({ stream, raw }: H2Call, connection: Connection, options: ExchangeOptions) {
		this.connection = connection;
		this.writable = stream;
		(stream as CarryingStream)[carried] = this;
		this.options = options;
		this.#head = splitHeaders(raw);
	}

	/** Handles the abort or close of the stream. */
	closed(): void {
		if (!this.#hasEnded) this.disconnect.trigger();
	}

	/** Handles the end of the peer's side. */
	peerStopped(): void {
		const stream = this.writable;
		this.#peerHasStopped = true;
		if (this.#hasEnded || this.isClosed) return;
		const isWhole = stream.endAfterHeaders || stream.state.remoteClose === 1;
		if (!isWhole) stream.close(constants.NGHTTP2_CANCEL);
		else if (this.#onPeerEnd === undefined) return;
		// No WINDOW_UPDATE can come any more (RFC 9113, 6.9).
		else if (stream.writableNeedDrain) this.abort();
		else this.#onPeerEnd();
	}

	onPeerEnd(callback: () => void): void {
		this.#onPeerEnd = callback;
		if (this.#peerHasStopped) callback();
	}

	/** Checks whether the stream has ended, in whatever way. */
	get isClosed(): boolean {
		const { destroyed, closed, aborted } = this.writable;
		return destroyed || closed || aborted;
	}

	get mayHaveBodyUnannounced(): boolean {
		return !this.writable.endAfterHeaders;
	}

	get method(): string {
		return this.#head.method;
	}

	get target(): string {
		return this.#head.target;
	}

	get authorities(): readonly string[] {
		return this.#head.authorities;
	}

	get rawHeaders(): HeaderFields {
		return this.#head.rawHeaders;
	}

	awaitContinue(): void {
		this.#awaitsContinue = !this.writable.endAfterHeaders;
	}

	#sendContinue(): void {
		if (this.#awaitsContinue && !this.isClosed) this.writable.additionalHeaders({ ":status": 100 });
		this.#awaitsContinue = false;
	}

	releaseRequestHead(): void {
		this.#head = forgotten;
	}

	collectBody(limit: BodyLimit, done: (body: CollectedBody) => void): void {
		collectBody(this, limit, (body) => {
			try {
				done(body);
			} catch (error) {
				this.fail(error);
			}
		});
	}

	pipeTo(sink: BodySink): void {
		const stream = this.writable;
		this.#sendContinue();
		if (stream.readableEnded) {
			sink.end();
			return;
		}
		this.#sink = sink;
		stream.on("data", onData).on("end", onEnd);
	}

	discard(): void {
		this.#sink = undefined;
		this.writable.resume();
	}

	/** Handles one part of the request body. */
	came(chunk: Buffer): void {
		this.#sink?.write(chunk);
	}

	/** Handles the end of the request body. */
	cameToItsEnd(): void {
		const sink = this.#sink;
		this.#sink = undefined;
		sink?.end();
	}

	readBody(timeoutMs: number | undefined): AsyncIterable<Uint8Array> {
		const { limits, clock } = this.options;
		this.#sendContinue();
		return readBody(this.writable, { limits, clock, disconnect: this.disconnect }, timeoutMs);
	}

	writeHead(head: ResponseHead): void {
		const stream = this.writable;
		if (stream.headersSent || stream.destroyed || stream.closed) return;
		stream.respond([":status", String(head.status)].concat(head.headers), {
			waitForTrailers: head.trailers === true,
			endStream: head.isAll === true,
		});
	}

	reserve(bodyBytes: number, caller?: string): boolean {
		return this.options.sendQuota.reserve(
			bodyBytes,
			{ connection: this.connection, caller },
			this.writable,
		);
	}

	write(bytes: Uint8Array): boolean {
		const stream = this.writable;
		return this.#hasEnded || stream.destroyed || stream.write(bytes);
	}

	drained(stallTimeoutMs: number | undefined): Promise<void> {
		const waiting = { clock: this.options.clock, disconnect: this.disconnect, stallTimeoutMs };
		return waitForDrain(this.writable, waiting, () => this.cutOff());
	}

	end({ body, trailers }: ResponseEnd = {}): void {
		if (this.#hasEnded) return;
		this.#hasEnded = true;
		const stream = this.writable;
		if (stream.destroyed || stream.closed) return;
		if (trailers !== undefined) {
			this.#trailers = trailers;
			stream.on("wantTrailers", onWantTrailers);
		}
		stream.end(body);
		boundEnd(this);
		if (stream.readableEnded || stream.endAfterHeaders) return;
		stream.resume();
		runAfterTick(() => this.#stopUpload());
	}

	/** Sends the trailers after the response body. */
	sendTrailers(): void {
		const stream = this.writable;
		if (stream.destroyed || stream.closed) return;
		try {
			stream.sendTrailers(toNodeHeaders(this.#trailers));
		} catch (error) {
			this.fail(error);
		}
	}

	abort(): void {
		if (!this.#hasEnded) {
			this.disconnect.trigger();
			this.#hasEnded = true;
		}
		this.writable.close(constants.NGHTTP2_INTERNAL_ERROR);
	}

	/** Breaks the call off for a fault of this service. */
	fail(error: unknown): void {
		this.options.observer.unexpected(error);
		this.abort();
	}

	/** Stops the upload of a body that is not needed any more: its response is complete (RFC 9113, 8.1). */
	#stopUpload(): void {
		const stream = this.writable;
		if (stream.destroyed || stream.closed || stream.readableEnded) return;
		// A reset discards what nghttp2 has not written yet, the end of the response included.
		if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
		else this.options.clock.setTimer(uploadPollMs, () => this.#stopUpload());
	}

	cutOff(): void {
		this.writable.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
	}
}

/** Converts fields to the only form in which Node takes trailers. */
function toNodeHeaders(fields: HeaderFields): OutgoingHttpHeaders {
	const headers: Record<string, string> = {};
	for (let i = 0; i < fields.length; i += 2) {
		const name = fields[i] as string;
		const before = headers[name];
		headers[name] =
			before === undefined ? (fields[i + 1] as string) : `${before}, ${fields[i + 1]}`;
	}
	return headers;
}

/** Splits pseudo headers from the others; they come first (RFC 9113, 8.3). */
function splitHeaders(raw: readonly string[]): RequestHead {
	let method = "";
	let target = "";
	let authority: string | undefined;
	let end = 0;
	for (; raw[end]?.startsWith(":"); end += 2) {
		const value = raw[end + 1] as string;
		if (raw[end] === ":method") method = value;
		else if (raw[end] === ":path") target = value;
		else if (raw[end] === ":authority") authority = value;
	}
	const rawHeaders = raw.slice(end);
	const hosts = valuesOf(rawHeaders, "host");
	const authorities = authority === undefined ? hosts : [authority, ...hosts];
	return { method, target, authorities, rawHeaders };
}
