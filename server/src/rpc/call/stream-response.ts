import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Clock, Timer } from "../../clock.ts";
import type { Exchange, ResponseEnd } from "../../http/exchange.ts";
import { type HeaderFields, metadataFieldsOf } from "../../http/fields.ts";
import type { TransportLimits } from "../../http/limits.ts";
import type { Codec, Encoder } from "../codec/codec.ts";
import type { RpcObserver } from "../observer.ts";
import type { StreamProtocol } from "../protocol/protocol.ts";
import { type Cancellation, callerLeft, deadlinePassed } from "./cancellation.ts";
import {
	createErrorResponse,
	type ErrorOptions,
	toCallError,
	toInternal,
} from "./error-response.ts";
import type { Invocation } from "./invocation.ts";
import { toMessage } from "./invoke-implementation.ts";
import { copiedHeaders } from "./lazy-headers.ts";
import {
	failureHeaders,
	type Outcome,
	type ResponseOwner,
	type SendOptions,
	sendResponse,
	streamHeaders,
} from "./send-response.ts";
import type { MessageSink } from "./stream-writer.ts";

/** What streams share. */
export interface StreamOptions extends SendOptions, ErrorOptions {
	readonly encoder: Encoder;
	readonly limits: TransportLimits;
	readonly clock: Clock;
	readonly observer: RpcObserver;
}

/** Rules of the response to one stream. */
export interface StreamResponseRule {
	readonly protocol: StreamProtocol;
	readonly options: StreamOptions;
	/** Milliseconds until the deadline; undefined: there is none. */
	readonly leftMs: number | undefined;
}

/** What a response keeps until its head is sent. */
interface Opening {
	readonly common: HeaderFields;
	readonly header: Headers;
	/** Sends the head of a stream that has nothing to say yet; undefined: that waits. */
	readonly timer: Timer | undefined;
}

/**
 * The response of one stream on its way out. A class, and without its request: thousands may be
 * open for days.
 */
export class StreamServerResponse implements MessageSink, ResponseOwner {
	readonly exchange: Exchange;
	readonly #protocol: StreamProtocol;
	readonly #options: StreamOptions;
	readonly #codec: Codec;
	readonly #schema: DescMessage;
	readonly #requestId: string;
	readonly cancellation: Cancellation;
	readonly #deadline: Timer | undefined;
	#opening: Opening | undefined;
	#trailer: Headers;
	#sentBytes = 0;
	#isOver = false;

	constructor(invocation: Invocation, { protocol, options, leftMs }: StreamResponseRule) {
		const { exchange, codec, common, method, context } = invocation.start;
		const { cancellation } = invocation;
		const { clock, limits } = options;
		this.exchange = exchange;
		this.#protocol = protocol;
		this.#options = options;
		this.#codec = codec;
		this.#schema = method.output;
		this.#requestId = context.requestId;
		this.cancellation = cancellation;
		this.#trailer = invocation.responseTrailer;
		// Browsers hold `fetch` back until the head: a stream without a message yet shows that it is open.
		// One answer waits for its first part: where that fails, the HTTP status can still say so.
		const timer =
			protocol.isAnswer === true
				? undefined
				: clock.setTimer(limits.streamHeadDelayMs, () => this.#open());
		this.#opening = { common, header: invocation.responseHeader, timer };
		if (leftMs !== undefined) {
			const expire = () => this.#abort(deadlinePassed());
			this.#deadline = clock.setTimer(Math.max(0, leftMs), expire);
		}
		const leave = () => this.#abort(callerLeft());
		exchange.disconnect.subscribe(leave);
		exchange.onPeerEnd(leave);
	}

	get sliceBytes(): number {
		return this.#options.limits.streamSliceBytes;
	}

	get stallTimeoutMs(): number | undefined {
		const { isAnswer } = this.#protocol;
		return isAnswer === true ? this.#options.limits.stalledWriteTimeoutMs : undefined;
	}

	/** A reader that leaves breaks its call off at once. */
	get isOpen(): boolean {
		return !this.#isOver;
	}

	/** Sets the metadata: interceptors may have put other headers into the response. */
	setMetadata(header: Headers, trailer: Headers): void {
		if (this.#opening !== undefined) this.#opening = { ...this.#opening, header };
		this.#trailer = trailer;
	}

	/** Encodes and frames messages, to be sent next. */
	encode(messages: readonly Message[]): Uint8Array {
		const framing = this.#protocol.framing[this.#codec];
		const bytes = this.#options.encoder.encodeBatch(this.#schema, messages, framing);
		this.#sentBytes += bytes.byteLength;
		if (this.#opening !== undefined) this.#begin();
		return bytes;
	}

	/** {@link StreamServerResponse.encode} of what an implementation yields in place of a message. */
	encodeOne(init: unknown): Uint8Array {
		return this.encode([toMessage(this.#schema, init)]);
	}

	complete(): void {
		this.finish(undefined);
	}

	/** Ends the response with whatever was thrown: that may be `undefined`, too. */
	fail(error: unknown): void {
		this.finish(error ?? new TypeError("what was thrown is no error"));
	}

	/**
	 * Ends the response; once. Never throws: nothing comes after it.
	 * @param error what ended the stream; undefined: it is complete
	 */
	finish(error: unknown): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#opening?.timer?.cancel();
		this.#deadline?.cancel();
		try {
			this.cancellation.end(error);
		} catch (fault) {
			this.report(fault);
		}
		try {
			this.#conclude(error);
		} catch (fault) {
			this.onFault(fault);
		}
	}

	onFault(error: unknown): void {
		this.report(error);
		this.exchange.abort();
		this.onEnd({ complete: false, sentBytes: this.#sentBytes });
	}

	report(error: unknown): void {
		this.#options.observer.unexpected(error);
	}

	#conclude(error: unknown): void {
		if (this.exchange.disconnect.hasOccurred) {
			this.onEnd({ complete: false, sentBytes: this.#sentBytes });
			return;
		}
		let failure = error;
		try {
			if (failure === undefined) this.#begin();
		} catch (fault) {
			// Behind a head that is half sent no response can follow.
			if (this.#opening === undefined) throw fault;
			failure = fault;
		}
		const opening = this.#opening;
		if (opening !== undefined) {
			this.#fail(failure, opening);
			return;
		}
		this.exchange.end(this.#createEnd(failure));
		this.onEnd({ complete: true, sentBytes: this.#sentBytes });
	}

	/** Sends an error of which nothing was sent yet. */
	#fail(failure: unknown, { common, header }: Opening): void {
		this.#opening = undefined;
		const metadata = { header: copiedHeaders(header), trailer: copiedHeaders(this.#trailer) };
		const form = { protocol: this.#protocol, codec: this.#codec, metadata };
		sendResponse(this.exchange, createErrorResponse(failure, form, this.#options), {
			fields: [...common, ...failureHeaders],
			options: this.#options,
			owner: this,
		});
	}

	/** Creates the end; one that cannot be written is reported, and INTERNAL takes its place. */
	#createEnd(failure: unknown): ResponseEnd {
		try {
			const error = failure === undefined ? undefined : toCallError(failure, this.#options);
			return this.#protocol.end(error, copiedHeaders(this.#trailer));
		} catch (fault) {
			return this.#protocol.end(toInternal(fault, this.#options), undefined);
		}
	}

	onEnd(outcome: Outcome): void {
		this.#options.observer.callEnded({ ...outcome, requestId: this.#requestId });
	}

	/** Breaks the call off. */
	#abort(reason: ConnectError): void {
		try {
			this.cancellation.abort(reason);
		} catch (error) {
			this.report(error);
			this.finish(reason);
		}
	}

	/** Shows that the stream is open though it has no message yet. */
	#open(): void {
		try {
			this.#begin();
		} catch (error) {
			this.fail(error);
		}
	}

	/**
	 * Sends the head, if it is not sent.
	 * @throws TypeError as {@link metadataFieldsOf}; nothing is sent then
	 */
	#begin(): void {
		const opening = this.#opening;
		if (opening === undefined) return;
		const metadata = metadataFieldsOf(copiedHeaders(opening.header));
		this.#opening = undefined;
		opening.timer?.cancel();
		const protocol = this.#protocol;
		this.exchange.writeHead({
			status: 200,
			headers: [
				...opening.common,
				...(protocol.headers ?? streamHeaders),
				"content-type",
				protocol.contentType(this.#codec),
				...metadata,
			],
			trailers: protocol.hasTrailers,
			flush: true,
		});
		if (this.exchange.method === "HEAD") {
			this.#endHead();
			return;
		}
		const start = protocol.start?.();
		if (start !== undefined) {
			this.#sentBytes += start.byteLength;
			this.exchange.write(start);
		}
		this.exchange.releaseRequestHead();
	}

	/** Ends the response to HEAD: nothing follows the head that GET would have. */
	#endHead(): void {
		this.#isOver = true;
		this.#deadline?.cancel();
		this.exchange.end();
		this.onEnd({ complete: true, sentBytes: 0 });
		this.cancellation.abort(callerLeft());
	}
}
