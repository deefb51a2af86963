import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Timer } from "../../clock.ts";
import type { Exchange, ResponseEnd } from "../../http/exchange.ts";
import { type HeaderFields, metadataFieldsOf } from "../../http/fields.ts";
import type { Codec } from "../codec/codec.ts";
import type { StreamProtocol } from "../protocol/protocol.ts";
import type { Call } from "./call.ts";
import { answerFailure, toCallError, toInternal } from "./call-error.ts";
import { type Cancellation, callerLeft, deadlinePassed } from "./cancellation.ts";
import { copiedHeaders } from "./headers.ts";
import { toMessage } from "./invoke-implementation.ts";
import { failureHeaders, type Sent, sendAnswer, streamHeaders } from "./response.ts";
import type { StreamOptions, StreamTerms } from "./stream.ts";

/** What is needed until the head is sent. */
interface Opening {
	readonly common: HeaderFields;
	readonly header: Headers;
	readonly timer: Timer;
}

/**
 * The answer of one stream on its way out. A class, and without its request: thousands may be
 * open for days.
 */
export class StreamAnswer {
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

	constructor(call: Call, { protocol, options, leftMs }: StreamTerms) {
		const { exchange, codec, common, method, context } = call.start;
		const { cancellation } = call;
		const { clock, limits } = options;
		this.exchange = exchange;
		this.#protocol = protocol;
		this.#options = options;
		this.#codec = codec;
		this.#schema = method.output;
		this.#requestId = context.requestId;
		this.cancellation = cancellation;
		this.#trailer = call.responseTrailer;
		// Browsers hold `fetch` back until then: a stream with nothing to say yet shows that it is open.
		const timer = clock.setTimer(limits.streamHeadDelayMs, () => this.#open());
		this.#opening = { common, header: call.responseHeader, timer };
		if (leftMs !== undefined) {
			const expire = () => this.#abort(deadlinePassed());
			this.#deadline = clock.setTimer(Math.max(0, leftMs), expire);
		}
		const leave = () => this.#abort(callerLeft());
		exchange.disconnect.subscribe(leave);
		exchange.onPeerEnd(leave);
	}

	/** Bytes that the stream writes before others have their turn. */
	get sliceBytes(): number {
		return this.#options.limits.streamSliceBytes;
	}

	/** False: nobody reads it any more, or it has ended. A reader that leaves breaks its call off at once. */
	get isOpen(): boolean {
		return !this.#isOver;
	}

	/** Interceptors may have put other headers into the response. */
	setMetadata(header: Headers, trailer: Headers): void {
		if (this.#opening !== undefined) this.#opening = { ...this.#opening, header };
		this.#trailer = trailer;
	}

	/** The bytes of messages, in their envelopes, one behind the other; to be sent next. */
	encode(messages: readonly Message[]): Uint8Array {
		const envelopes = this.#options.encoder.encodeAll(this.#schema, messages, this.#codec);
		const { text } = this.#protocol;
		const bytes = text === undefined ? envelopes : text.encode(envelopes);
		this.#sentBytes += bytes.byteLength;
		if (this.#opening !== undefined) this.#begin();
		return bytes;
	}

	/** {@link StreamAnswer.encode} of what an implementation gives in place of a message. */
	encodeOne(init: unknown): Uint8Array {
		return this.encode([toMessage(this.#schema, init)]);
	}

	/** Ends it with whatever was thrown: that may be `undefined`, too. */
	fail(error: unknown): void {
		this.finish(error ?? new TypeError("what was thrown is no error"));
	}

	/**
	 * Ends it; once. Never throws: it is the last word on its call.
	 * @param error what ended the stream; undefined: it has said all
	 */
	finish(error: unknown): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#opening?.timer.cancel();
		this.#deadline?.cancel();
		try {
			this.cancellation.end(error);
		} catch (fault) {
			this.tell(fault);
		}
		try {
			this.#conclude(error);
		} catch (fault) {
			this.breakOff(fault);
		}
	}

	breakOff(error: unknown): void {
		this.tell(error);
		this.exchange.abort();
		this.done({ complete: false, sentBytes: this.#sentBytes });
	}

	/** Tells of a fault of ours that changes nothing for the caller. */
	tell(error: unknown): void {
		this.#options.observer.unexpected(error);
	}

	#conclude(error: unknown): void {
		if (this.exchange.disconnect.hasOccurred) {
			this.done({ complete: false, sentBytes: this.#sentBytes });
			return;
		}
		let failure = error;
		try {
			if (failure === undefined) this.#begin();
		} catch (fault) {
			// A head that is half sent is no place for an answer.
			if (this.#opening === undefined) throw fault;
			failure = fault;
		}
		const opening = this.#opening;
		if (opening !== undefined) {
			this.#fail(failure, opening);
			return;
		}
		this.exchange.end(this.#endingAfter(failure));
		this.done({ complete: true, sentBytes: this.#sentBytes });
	}

	/** Nothing of it was sent yet. */
	#fail(failure: unknown, { common, header }: Opening): void {
		this.#opening = undefined;
		const metadata = { header: copiedHeaders(header), trailer: copiedHeaders(this.#trailer) };
		const terms = { protocol: this.#protocol, codec: this.#codec, metadata };
		sendAnswer(this.exchange, answerFailure(failure, terms, this.#options), {
			fields: [...common, ...failureHeaders],
			options: this.#options,
			teller: this,
		});
	}

	/** Its end; one that cannot be written is told, and INTERNAL stands in its place. */
	#endingAfter(failure: unknown): ResponseEnd {
		try {
			const error = failure === undefined ? undefined : toCallError(failure, this.#options);
			return this.#protocol.ending(error, copiedHeaders(this.#trailer));
		} catch (fault) {
			return this.#protocol.ending(toInternal(fault, this.#options), undefined);
		}
	}

	/** The answer is out, or its reader left. */
	done(outcome: Sent): void {
		this.#options.observer.callEnded({ ...outcome, requestId: this.#requestId });
	}

	/** Breaks the call off. */
	#abort(reason: ConnectError): void {
		try {
			this.cancellation.abort(reason);
		} catch (error) {
			this.tell(error);
			this.finish(reason);
		}
	}

	/** Shows that it is open, though it has nothing to say yet. */
	#open(): void {
		try {
			this.#begin();
		} catch (error) {
			this.fail(error);
		}
	}

	/** Sends the head, if it is not sent. @throws TypeError as {@link metadataFieldsOf}; nothing is sent then */
	#begin(): void {
		const opening = this.#opening;
		if (opening === undefined) return;
		const metadata = metadataFieldsOf(copiedHeaders(opening.header));
		this.#opening = undefined;
		opening.timer.cancel();
		const protocol = this.#protocol;
		this.exchange.writeHead({
			status: 200,
			headers: [
				...opening.common,
				...streamHeaders,
				"content-type",
				protocol.contentType(this.#codec),
				...metadata,
			],
			trailers: protocol.hasTrailers,
			flush: true,
		});
		this.exchange.releaseRequestHead();
	}
}
