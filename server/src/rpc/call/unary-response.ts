import type { Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { UnaryResponse } from "@connectrpc/connect";
import type { Encoder } from "../codec/codec.ts";
import type { Compression } from "../connect-internals.ts";
import type { EncodedMessage, Metadata, Response, UnaryProtocol } from "../protocol/protocol.ts";
import { type Refusal, tooMuchUnread } from "../refusals.ts";
import { quotaKey } from "./call-context.ts";
import { createErrorResponse, type ErrorOptions } from "./error-response.ts";
import type { Invocation } from "./invocation.ts";
import { copiedHeaders } from "./lazy-headers.ts";
import {
	failureHeaders,
	getHeaders,
	nothingSent,
	type ResponseOwner,
	type SendOptions,
	sendResponse,
} from "./send-response.ts";

/** Rules of the response to one unary call. */
export interface UnaryResponseRule {
	readonly protocol: UnaryProtocol;
	/** Compression of the response; undefined: none. */
	readonly compression: Compression | undefined;
	readonly options: UnaryOptions;
	/** The call: hears of its end, and can be refused in place of a response. */
	readonly owner: ResponseOwner & { refuse(refusal: Refusal): void };
}

/** What unary calls share. */
export interface UnaryOptions extends SendOptions, ErrorOptions {
	readonly encoder: Encoder;
}

/** Smallest message that is worth compressing, in bytes; connect's own default. */
const minCompressedBytes = 1_024;

/** The response of one unary call. A class: each call has one. */
export class UnaryServerResponse {
	readonly #invocation: Invocation;
	readonly #request: Message;
	readonly #rule: UnaryResponseRule;
	#isSending = false;

	constructor(invocation: Invocation, request: Message, rule: UnaryResponseRule) {
		this.#invocation = invocation;
		this.#request = request;
		this.#rule = rule;
	}

	succeed(response: UnaryResponse): void {
		try {
			this.#encode(response);
			this.#invocation.cancellation.end();
		} catch (error) {
			this.fail(error);
		}
	}

	/** Sends an error. Never throws: nothing comes after it. */
	fail(error: unknown): void {
		try {
			if (this.#isSending) throw error;
			this.#invocation.cancellation.end(error);
			this.#fail(error);
		} catch (fault) {
			this.#rule.owner.onFault(fault);
		}
	}

	#fail(error: unknown): void {
		const { exchange, codec, common } = this.#invocation.start;
		const { protocol, options, owner } = this.#rule;
		if (exchange.disconnect.hasOccurred) {
			owner.onEnd(nothingSent);
			return;
		}
		const { responseHeader, responseTrailer } = this.#invocation;
		const metadata = metadataOf({ header: responseHeader, trailer: responseTrailer });
		const failure = createErrorResponse(error, { protocol, codec, metadata }, options);
		const fields = common.concat(failureHeaders);
		this.#isSending = true;
		sendResponse(exchange, failure, { fields, options, owner });
	}

	#encode(response: UnaryResponse): void {
		const { exchange, method, codec } = this.#invocation.start;
		const { compression, options, protocol } = this.#rule;
		const metadata = metadataOf(response);
		const { message } = response;
		const { encoder } = options;
		const answer = { exchange, request: this.#request, response: message, encoder };
		const replaced = protocol.replace?.(answer, metadata);
		if (replaced !== undefined) {
			this.#sendWhole(replaced);
			return;
		}
		if (compression === undefined && protocol.framing !== undefined) {
			const bytes = encoder.encodeFramed(method.output, message, protocol.framing[codec]);
			this.#send({ bytes, isFramed: true, encoding: undefined, answer }, metadata);
			return;
		}
		const bytes =
			protocol.encode?.(message, encoder) ?? encoder.encode(method.output, message, codec);
		if (compression === undefined || bytes.byteLength < minCompressedBytes) {
			this.#send({ bytes, isFramed: false, encoding: undefined, answer }, metadata);
			return;
		}
		compression
			.compress(bytes as Uint8Array<ArrayBuffer>)
			.then((bytes) =>
				this.#send({ bytes, isFramed: false, encoding: compression.name, answer }, metadata),
			)
			.catch((error: unknown) => this.fail(error));
	}

	#send(encoded: EncodedMessage, metadata: Metadata): void {
		this.#sendWhole(this.#rule.protocol.success(this.#invocation.start.codec, encoded, metadata));
	}

	#sendWhole(whole: Response): void {
		const { exchange, method, common, httpMethod } = this.#invocation.start;
		const { options, owner } = this.#rule;
		if (exchange.disconnect.hasOccurred) {
			owner.onEnd(nothingSent);
			return;
		}
		const hasRoom = exchange.reserve(
			whole.body?.byteLength ?? 0,
			this.#invocation.values.get(quotaKey),
		);
		// What a call has changed must be reported; only a read can be repeated.
		const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
		if (isRead && !hasRoom) {
			owner.refuse(tooMuchUnread);
			return;
		}
		const fields = httpMethod === "GET" ? common.concat(getHeaders) : common;
		this.#isSending = true;
		sendResponse(exchange, whole, { fields, options, owner });
	}
}

/** Returns what was added to a response, if anybody wrote its headers at all. */
function metadataOf({ header, trailer }: Pick<UnaryResponse, "header" | "trailer">): Metadata {
	return { header: copiedHeaders(header), trailer: copiedHeaders(trailer) };
}
