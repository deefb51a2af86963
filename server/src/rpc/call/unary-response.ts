import type { Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Interceptor, MethodImplSpec, UnaryResponse } from "@connectrpc/connect";
import type { Encoder } from "../codec/encoder.ts";
import type { Compression } from "../connect-internals.ts";
import type { RpcObserver } from "../observer.ts";
import { compressedFlag, createEnvelope, envelopePrefixBytes } from "../protocol/envelope.ts";
import type { EncodedMessage, Metadata, UnaryProtocol } from "../protocol/protocol.ts";
import type { Refusal, RefusalDetails } from "../refusals.ts";
import { tooMuchUnread } from "../refusals.ts";
import type { Call } from "./call.ts";
import { answerFailure } from "./call-error.ts";
import { copiedHeaders } from "./headers.ts";
import { invokeUnary } from "./invoke-implementation.ts";
import {
	failureHeaders,
	getHeaders,
	nothingSent,
	type SendOptions,
	sendAnswer,
	type Teller,
} from "./response.ts";

/** A unary procedure as it is served. */
export interface UnaryProcedure {
	readonly spec: Extract<MethodImplSpec, { kind: "unary" }>;
	readonly interceptors: readonly Interceptor[];
}

/** How one unary call is answered. */
export interface UnaryTerms {
	readonly protocol: UnaryProtocol;
	/** Of the answer; undefined: none. */
	readonly compression: Compression | undefined;
	readonly options: UnaryOptions;
	/** Where the call came in: is told of its end, and refuses it in place of an answer. */
	readonly incoming: Teller & { refuse(refusal: Refusal): void };
}

/** What unary calls share. */
export interface UnaryOptions extends SendOptions {
	readonly encoder: Encoder;
	readonly observer: Pick<RpcObserver, "unexpected">;
	readonly refusalDetails: RefusalDetails;
}

/** Answers below this are not worth compressing, in bytes; connect's own default. */
const minCompressedBytes = 1_024;

/** Runs a unary call and answers it. */
export function runUnary(
	procedure: UnaryProcedure,
	{ call, message }: { readonly call: Call; readonly message: Message },
	terms: UnaryTerms,
): void {
	const answer = new UnaryAnswer(call, terms);
	try {
		invokeUnary(procedure, call, message).then(
			(response) => answer.succeed(response),
			(error: unknown) => answer.fail(error),
		);
	} catch (error) {
		answer.fail(error);
	}
}

/** The answer of one unary call. A class: each call has one. */
class UnaryAnswer {
	readonly #call: Call;
	readonly #terms: UnaryTerms;
	#isSending = false;

	constructor(call: Call, terms: UnaryTerms) {
		this.#call = call;
		this.#terms = terms;
	}

	succeed(response: UnaryResponse): void {
		try {
			this.#encode(response);
			this.#call.cancellation.end();
		} catch (error) {
			this.fail(error);
		}
	}

	/** Never throws: it is the last word on its call. */
	fail(error: unknown): void {
		try {
			if (this.#isSending) throw error;
			this.#call.cancellation.end(error);
			this.#fail(error);
		} catch (fault) {
			this.#terms.incoming.breakOff(fault);
		}
	}

	#fail(error: unknown): void {
		const { exchange, codec, common } = this.#call.start;
		const { protocol, options, incoming } = this.#terms;
		if (exchange.disconnect.hasOccurred) {
			incoming.done(nothingSent);
			return;
		}
		const { responseHeader, responseTrailer } = this.#call;
		const metadata = metadataOf({ header: responseHeader, trailer: responseTrailer });
		const failure = answerFailure(error, { protocol, codec, metadata }, options);
		const fields = common.concat(failureHeaders);
		this.#isSending = true;
		sendAnswer(exchange, failure, { fields, options, teller: incoming });
	}

	#encode(response: UnaryResponse): void {
		const { method, codec } = this.#call.start;
		const { compression, options } = this.#terms;
		const metadata = metadataOf(response);
		const envelope = options.encoder.encode(method.output, response.message, codec);
		const messageBytes = envelope.byteLength - envelopePrefixBytes;
		if (compression === undefined || messageBytes < minCompressedBytes) {
			this.#send({ envelope, encoding: undefined }, metadata);
			return;
		}
		compress(envelope, compression)
			.then((encoded) => this.#send(encoded, metadata))
			.catch((error: unknown) => this.fail(error));
	}

	#send(encoded: EncodedMessage, metadata: Metadata): void {
		const { exchange, codec, method, common, httpMethod } = this.#call.start;
		const { protocol, options, incoming } = this.#terms;
		if (exchange.disconnect.hasOccurred) {
			incoming.done(nothingSent);
			return;
		}
		const whole = protocol.answer(codec, encoded, metadata);
		const hasRoom = exchange.reserve(whole.body?.byteLength ?? 0);
		// What a call has done must be told; only a read can be asked for again.
		const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
		if (isRead && !hasRoom) {
			incoming.refuse(tooMuchUnread);
			return;
		}
		const fields = httpMethod === "GET" ? common.concat(getHeaders) : common;
		this.#isSending = true;
		sendAnswer(exchange, whole, { fields, options, teller: incoming });
	}
}

async function compress(
	envelope: Buffer,
	{ name, compress }: Compression,
): Promise<EncodedMessage> {
	const message = envelope.subarray(envelopePrefixBytes) as Uint8Array<ArrayBuffer>;
	return { envelope: createEnvelope(compressedFlag, await compress(message)), encoding: name };
}

/** What was added to an answer, if anybody asked for its headers at all. */
export function metadataOf({
	header,
	trailer,
}: Pick<UnaryResponse, "header" | "trailer">): Metadata {
	return { header: copiedHeaders(header), trailer: copiedHeaders(trailer) };
}
