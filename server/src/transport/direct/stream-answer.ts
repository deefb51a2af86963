import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Timer } from "../../clock.ts";
import { callerLeft } from "../departure.ts";
import type { Exchange } from "../exchange.ts";
import { type Fields, metadataFieldsOf } from "../fields.ts";
import { failureHeaders, type Sent, sendAnswer, streamHeaders } from "./answering.ts";
import type { Call } from "./call.ts";
import { toCallError } from "./call-error.ts";
import { type Cancellation, deadlinePassed } from "./cancellation.ts";
import type { Form } from "./form.ts";
import { toMessage } from "./invocation.ts";
import { touchedOf } from "./lazy-headers.ts";
import type { Metadata, StreamProtocol } from "./protocol.ts";
import type { StreamOptions, StreamTerms } from "./stream.ts";

/** What is needed until the head is sent. */
interface Opening {
	readonly common: Fields;
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
	readonly #form: Form;
	readonly #schema: DescMessage;
	readonly #requestId: string;
	readonly cancellation: Cancellation;
	readonly #deadline: Timer | undefined;
	#opening: Opening | undefined;
	#trailer: Headers;
	#sentBytes = 0;
	#isOver = false;

	constructor(call: Call, { protocol, options, leftMs }: StreamTerms) {
		const { exchange, form, common, method, context } = call.start;
		const { cancellation } = call;
		const { clock, limits } = options;
		this.exchange = exchange;
		this.#protocol = protocol;
		this.#options = options;
		this.#form = form;
		this.#schema = method.output;
		this.#requestId = context.requestId;
		this.cancellation = cancellation;
		this.#trailer = call.responseTrailer;
		// Browsers hold `fetch` back until then: a stream with nothing to say yet shows that it is open.
		const timer = clock.setTimer(limits.streamHeadDelayMs, () => this.#begin());
		this.#opening = { common, header: call.responseHeader, timer };
		if (leftMs !== undefined) {
			const expire = () => cancellation.abort(deadlinePassed());
			this.#deadline = clock.setTimer(Math.max(0, leftMs), expire);
		}
		const leave = () => cancellation.abort(callerLeft());
		exchange.departure.on(leave);
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
		const envelopes = this.#options.encoder.encodeAll(this.#schema, messages, this.#form);
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

	/** Ends it; once. @param error what ended the stream; undefined: it has said all */
	finish(error: unknown): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#opening?.timer.cancel();
		this.#deadline?.cancel();
		this.cancellation.end(error);
		if (this.exchange.departure.happened) {
			this.done({ complete: false, sentBytes: this.#sentBytes });
			return;
		}
		const failure = error === undefined ? undefined : toCallError(error, this.#options);
		const trailer = touchedOf(this.#trailer);
		if (failure !== undefined && this.#opening !== undefined) {
			this.#fail(failure, { header: touchedOf(this.#opening.header), trailer });
			return;
		}
		this.#begin();
		this.exchange.end(this.#protocol.ending(failure, trailer));
		this.done({ complete: true, sentBytes: this.#sentBytes });
	}

	/** Nothing of it was sent yet. */
	#fail(failure: ConnectError, metadata: Metadata): void {
		sendAnswer(this.exchange, this.#protocol.failure(this.#form, failure, metadata), {
			fields: [...(this.#opening?.common ?? []), ...failureHeaders],
			options: this.#options,
			teller: this,
		});
	}

	/** The answer is out, or its reader left. */
	done(outcome: Sent): void {
		this.#options.observer.callEnded({ ...outcome, requestId: this.#requestId });
	}

	#begin(): void {
		const opening = this.#opening;
		if (opening === undefined) return;
		this.#opening = undefined;
		opening.timer.cancel();
		const protocol = this.#protocol;
		this.exchange.writeHead({
			status: 200,
			headers: [
				...opening.common,
				...streamHeaders,
				"content-type",
				protocol.contentType(this.#form),
				...metadataFieldsOf(touchedOf(opening.header)),
			],
			trailers: protocol.hasTrailers,
			flush: true,
		});
		this.exchange.forgetRequest();
	}
}
