import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Exchange, headerOf } from "../../http/exchange.ts";
import type { CollectedBody } from "../../http/request-body.ts";
import type { Codec } from "../codec/codec.ts";
import type { Decoded, Decoder } from "../codec/decoder.ts";
import type { Compression } from "../connect-internals.ts";
import { envelopePrefixBytes, readAnnouncedBytes } from "../protocol/envelope.ts";
import type { Framing } from "../protocol/protocol.ts";
import { openRequest } from "../protocol/request-envelope.ts";
import type { Refusal } from "../refusals.ts";
import { badRequest, messageTooLarge } from "../refusals.ts";

/** How a request message is read. */
export interface IncomingRule {
	readonly framing: Framing;
	readonly schema: DescMessage;
	readonly codec: Codec;
	/** Of the message; undefined: none. */
	readonly compression: Compression | undefined;
	/** Before decompression and after it. */
	readonly maxMessageBytes: number;
	readonly decoder: Decoder;
}

/** Who is given a request message. */
export interface MessageTaker {
	/** Called once, perhaps at once, but not when the peer leaves. */
	receive(message: Decoded): void;
	/** What was thrown in place of a message; nobody else is there to catch it. */
	breakOff(error: unknown): void;
}

/** Reads the one request message of a call. */
export function readMessage(exchange: Exchange, rule: IncomingRule, taker: MessageTaker): void {
	const length = headerOf(exchange, "content-length");
	const { framing, maxMessageBytes } = rule;
	const declaredBytes = length === undefined ? undefined : Number(length);
	const { text } = framing;
	if (text === undefined) {
		const limit = framing.isEnveloped
			? { maxBytes: maxMessageBytes + envelopePrefixBytes, declaredBytes, readAnnouncedBytes }
			: { maxBytes: maxMessageBytes, declaredBytes, readAnnouncedBytes: undefined };
		exchange.collectBody(limit, (body) => openMessage(body, rule, taker));
		return;
	}
	const maxTextBytes = text.maxBytes(maxMessageBytes + envelopePrefixBytes);
	const limit = { maxBytes: maxTextBytes, declaredBytes, readAnnouncedBytes: undefined };
	exchange.collectBody(limit, (body) => {
		const decoded = body === undefined ? undefined : text.decode(body);
		if (decoded !== undefined && "cause" in decoded) taker.receive({ refusal: decoded });
		else openMessage(decoded, rule, taker);
	});
}

/** Takes the message out of a body that is there; `undefined`: it is too large. */
export function openMessage(body: CollectedBody, rule: IncomingRule, taker: MessageTaker): void {
	try {
		takeOut(body, rule, taker);
	} catch (error) {
		taker.breakOff(error);
	}
}

function takeOut(body: CollectedBody, rule: IncomingRule, taker: MessageTaker): void {
	const { framing, compression, schema, codec, decoder } = rule;
	const opened =
		body === undefined
			? messageTooLarge(rule.maxMessageBytes)
			: openRequest(body, framing, compression !== undefined);
	if ("cause" in opened) {
		taker.receive({ refusal: opened });
		return;
	}
	// A query's message was never held against the limit for bodies.
	if (opened.bytes.byteLength > rule.maxMessageBytes) {
		taker.receive({ refusal: messageTooLarge(rule.maxMessageBytes) });
		return;
	}
	if (!opened.isCompressed || compression === undefined) {
		taker.receive(decoder.decode(schema, opened.bytes, codec));
		return;
	}
	compression
		.decompress(opened.bytes as Uint8Array<ArrayBuffer>, rule.maxMessageBytes)
		.then(
			(bytes) => decoder.decode(schema, bufferOf(bytes), codec),
			(error: unknown) => ({ refusal: refusalOf(error, rule) }),
		)
		.then((message) => taker.receive(message))
		.catch((error: unknown) => taker.breakOff(error));
}

function refusalOf(error: unknown, { maxMessageBytes }: IncomingRule): Refusal {
	const isTooLarge = error instanceof ConnectError && error.code === Code.ResourceExhausted;
	return isTooLarge
		? messageTooLarge(maxMessageBytes)
		: badRequest("protocol", "decompression failed");
}

/** The same bytes: to copy two megabytes takes a millisecond. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
	return Buffer.from(buffer, byteOffset, byteLength);
}
