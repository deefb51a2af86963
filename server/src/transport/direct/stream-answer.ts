import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Timer } from "../../clock.ts";
import type { Exchange } from "../exchange.ts";
import { type Fields, fieldsOf } from "../fields.ts";
import { failureHeaders, sendAnswer, streamHeaders } from "./answering.ts";
import type { Call } from "./call.ts";
import type { Form } from "./form.ts";
import { toMessage } from "./invocation.ts";
import { touchedOf } from "./lazy-headers.ts";
import type { StreamTerms } from "./stream.ts";

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
	readonly #terms: StreamTerms;
	readonly #form: Form;
	readonly #schema: DescMessage;
	#opening: Opening | undefined;
	#trailer: Headers;
	#sentBytes = 0;
	#isOver = false;

	constructor(call: Call, terms: StreamTerms) {
		const { exchange, form, common, method } = call.start;
		this.exchange = exchange;
		this.#terms = terms;
		this.#form = form;
		this.#schema = method.output;
		this.#trailer = call.responseTrailer;
		// Browsers hold `fetch` back until then: a stream with nothing to say yet shows that it is open.
		const timer = terms.clock.setTimer(terms.limits.streamHeadDelayMs, () => this.#begin());
		this.#opening = { common, header: call.responseHeader, timer };
	}

	/** Bytes that the stream writes before others have their turn. */
	get sliceBytes(): number {
		return this.#terms.limits.streamSliceBytes;
	}

	/** False: nobody reads it any more, or it has ended. */
	get isOpen(): boolean {
		return !this.#isOver && !this.exchange.departure.happened;
	}

	/** Interceptors may have put other headers into the response. */
	setMetadata(header: Headers, trailer: Headers): void {
		if (this.#opening !== undefined) this.#opening = { ...this.#opening, header };
		this.#trailer = trailer;
	}

	/** The bytes of messages, in their envelopes, one behind the other; to be sent next. */
	encode(messages: readonly Message[]): Uint8Array {
		const bytes = this.#terms.encoder.encodeAll(this.#schema, messages, this.#form);
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
		const { protocol, sending, toError } = this.#terms;
		const sentBytes = this.#sentBytes;
		if (this.exchange.departure.happened) {
			sending.done({ complete: false, sentBytes });
			return;
		}
		const failure = error === undefined ? undefined : toError(error);
		const trailer = touchedOf(this.#trailer);
		if (failure !== undefined && this.#opening !== undefined) {
			const { common, header } = this.#opening;
			const answer = protocol.failure(this.#form, failure, { header: touchedOf(header), trailer });
			const fields = [...common, ...failureHeaders];
			sendAnswer(this.exchange, answer, { ...sending, fields });
			return;
		}
		this.#begin();
		this.exchange.end(protocol.ending(failure, trailer));
		sending.done({ complete: true, sentBytes });
	}

	#begin(): void {
		const opening = this.#opening;
		if (opening === undefined) return;
		this.#opening = undefined;
		opening.timer.cancel();
		const { protocol } = this.#terms;
		this.exchange.writeHead({
			status: 200,
			headers: [
				...opening.common,
				...streamHeaders,
				"content-type",
				protocol.contentType(this.#form),
				...fieldsOf(touchedOf(opening.header)),
			],
			trailers: protocol.hasTrailers,
			flush: true,
		});
	}
}
