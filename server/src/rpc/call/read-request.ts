import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Exchange, headerOf } from "../../http/exchange.ts";
import type { BodyLimit, CollectedBody } from "../../http/request-body.ts";
import type { Decoded, Decoder } from "../codec/codec.ts";
import type { Compression } from "../connect-internals.ts";
import type { CallProtocol, RequestBinding } from "../protocol/protocol.ts";
import { badRequest, messageTooLarge, type Refusal } from "../refusals.ts";

/** Rules by which a request message is read. */
export interface ReadRule {
	readonly protocol: Pick<CallProtocol, "body">;
	readonly binding: RequestBinding;
	readonly schema: DescMessage;
	/** Compression of the message; undefined: none. */
	readonly compression: Compression | undefined;
	/** Largest message, before decompression and after it. */
	readonly maxMessageBytes: number;
	readonly decoder: Decoder;
}

/** Receives the message of a request. */
export interface MessageReceiver {
	/** Called once, possibly at once, but not when the caller leaves. */
	receive(message: Decoded): void;
	/** Called with what was thrown in place of a message; nobody else catches it. */
	onFault(error: unknown): void;
}

/** Reads the one request message of a call, from the head or from the body. */
export function readRequest(exchange: Exchange, rule: ReadRule, receiver: MessageReceiver): void {
	const { message } = rule.binding;
	const take = (body: CollectedBody) => {
		try {
			readBody(body, rule, receiver);
		} catch (error) {
			receiver.onFault(error);
		}
	};
	if (message !== undefined) take(message);
	else exchange.collectBody(createBodyLimit(exchange, rule), take);
}

/** Creates the bounds of a body with one message. */
export function createBodyLimit(
	exchange: Exchange,
	{ protocol: { body }, maxMessageBytes }: Pick<ReadRule, "protocol" | "maxMessageBytes">,
): BodyLimit {
	const length = headerOf(exchange, "content-length");
	return {
		maxBytes: body.maxBytes(maxMessageBytes),
		declaredBytes: length === undefined ? undefined : Number(length),
		readAnnouncedBytes: body.readAnnouncedBytes,
	};
}

/** @param body undefined: it is too large */
function readBody(body: CollectedBody, rule: ReadRule, receiver: MessageReceiver): void {
	const { compression, maxMessageBytes } = rule;
	const opened = body === undefined ? messageTooLarge(maxMessageBytes) : openBody(body, rule);
	if ("cause" in opened) {
		receiver.receive({ refusal: opened });
		return;
	}
	const { bytes, isCompressed } = opened;
	// The message of a query was never checked against the limit for bodies.
	if (bytes.byteLength > maxMessageBytes) {
		receiver.receive({ refusal: messageTooLarge(maxMessageBytes) });
		return;
	}
	if (!isCompressed || compression === undefined) {
		receiver.receive(decode(bytes, rule));
		return;
	}
	compression
		.decompress(bytes as Uint8Array<ArrayBuffer>, maxMessageBytes)
		.then(
			(message) => decode(asBuffer(message), rule),
			(error: unknown) => ({ refusal: createDecompressionRefusal(error, maxMessageBytes) }),
		)
		.then((message) => receiver.receive(message))
		.catch((error: unknown) => receiver.onFault(error));
}

/** Opens a body by its layout; the message of a head has none. */
function openBody(body: Buffer, { protocol, binding, compression }: ReadRule) {
	const isCompressed = compression !== undefined;
	if (binding.message !== undefined) return { bytes: body, isCompressed };
	return protocol.body.open(body, isCompressed);
}

function decode(bytes: Buffer, { binding, schema, decoder }: ReadRule): Decoded {
	return binding.decode === undefined
		? decoder.decode(schema, bytes, binding.codec)
		: binding.decode(bytes, schema, decoder);
}

function createDecompressionRefusal(error: unknown, maxMessageBytes: number): Refusal {
	const isTooLarge = error instanceof ConnectError && error.code === Code.ResourceExhausted;
	return isTooLarge
		? messageTooLarge(maxMessageBytes)
		: badRequest("protocol", "decompression failed");
}

/** The same bytes: copying two megabytes takes a millisecond. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
	return Buffer.from(buffer, byteOffset, byteLength);
}
