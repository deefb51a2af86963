import type { ResponseEnd } from "../../../http/exchange.ts";
import { createFraming } from "../../codec/codec.ts";
import { badRequest, type Refusal } from "../../refusals.ts";
import { joinEnvelopes } from "../envelope.ts";
import { createGrpcWeb } from "../grpc-web/grpc-web.ts";
import type { CallProtocol, Protocol, RequestBody } from "../protocol.ts";

/** gRPC-Web before its bodies are encoded. */
const plain = createGrpcWeb({
	contentTypes: {
		"application/grpc-web-text": "binary",
		"application/grpc-web-text+proto": "binary",
	},
	acceptPost: ["application/grpc-web-text"],
	contentType: () => "application/grpc-web-text+proto",
});

/** Request bodies: an envelope in base64. */
const body: RequestBody = {
	// Pieces of three bytes and more take four thirds; pieces of two bytes take all of this.
	maxBytes: (messageBytes) => 2 * plain.unary.body.maxBytes(messageBytes),
	readAnnouncedBytes: undefined,
	open(text, hasEncoding) {
		const bytes = decodeBase64(text);
		return "cause" in bytes ? bytes : plain.unary.body.open(bytes, hasEncoding);
	},
};

const failure: CallProtocol["failure"] = (codec, error, metadata) =>
	inBase64(plain.unary.failure(codec, error, metadata));

/**
 * gRPC-Web for browsers that can only read text as it arrives (grpc/doc/PROTOCOL-WEB.md): bodies are
 * base64, and each piece of a stream is padded by itself. connect's own handlers do not know it.
 */
export const grpcWebText: Protocol = {
	name: "grpc-web-text",
	family: "application/grpc-web-text",
	unary: {
		...plain.unary,
		hasConnectHandler: false,
		body,
		success: (codec, message, metadata) => inBase64(plain.unary.success(codec, message, metadata)),
		failure,
	},
	stream: {
		...plain.stream,
		hasConnectHandler: false,
		body,
		framing: createFraming("envelope-base64", (encoded) => encodeBase64(joinEnvelopes(encoded))),
		failure,
		end: (error, trailer) => inBase64(plain.stream.end(error, trailer)),
	},
};

/** Encodes the body of a response, or of its end. */
function inBase64<T extends ResponseEnd>(response: T): T {
	return response.body === undefined
		? response
		: { ...response, body: encodeBase64(response.body) };
}

function encodeBase64({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
	const bytes = Buffer.from(buffer, byteOffset, byteLength);
	return Buffer.from(bytes.toString("base64"), "latin1");
}

const malformed: Refusal = badRequest("protocol", "the body is not base64 with its padding");

const padding = 0x3d;
/** No digit of the alphabet. */
const none = 0xff;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const digits: Uint8Array = new Uint8Array(256).fill(none);
for (let value = 0; value < alphabet.length; value++) digits[alphabet.charCodeAt(value)] = value;

/**
 * Decodes base64 in which padding may end any group of four: a client may pad each piece that it
 * flushes (grpc/doc/PROTOCOL-WEB.md). Node's own decoder ends at the first.
 */
function decodeBase64(text: Buffer): Buffer | Refusal {
	if (text.byteLength % 4 !== 0) return malformed;
	const bytes = Buffer.allocUnsafe((text.byteLength / 4) * 3);
	let end = 0;
	for (let at = 0; at < text.byteLength; at += 4) {
		const fourth = text[at + 3] as number;
		const pads = fourth !== padding ? 0 : text[at + 2] !== padding ? 1 : 2;
		const a = digits[text[at] as number] as number;
		const b = digits[text[at + 1] as number] as number;
		const c = pads === 2 ? 0 : (digits[text[at + 2] as number] as number);
		const d = pads > 0 ? 0 : (digits[fourth] as number);
		if ((a | b | c | d) > 0x3f) return malformed;
		bytes[end] = (a << 2) | (b >> 4);
		bytes[end + 1] = ((b & 0xf) << 4) | (c >> 2);
		bytes[end + 2] = ((c & 0x3) << 6) | d;
		end += 3 - pads;
	}
	return bytes.subarray(0, end);
}
