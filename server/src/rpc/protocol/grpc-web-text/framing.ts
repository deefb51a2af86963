import { grpcWebFraming } from "../grpc-web/framing.ts";
import type { BodyText, Framing } from "../protocol.ts";
import { decodeBase64 } from "./base64.ts";

/** Bodies in base64: whatever is sent in one piece is padded by itself, and a request may come so. */
export const base64Text: BodyText = {
	// Pieces of three bytes and more take four thirds; pieces of two bytes take all of this.
	maxBytes: (bytes) => 2 * bytes,
	decode: decodeBase64,
	encode: ({ buffer, byteOffset, byteLength }) =>
		Buffer.from(Buffer.from(buffer, byteOffset, byteLength).toString("base64"), "latin1"),
};

/** gRPC-Web for browsers that can read text only as it comes (grpc/doc/PROTOCOL-WEB.md). */
export const grpcWebTextFraming: Framing = {
	...grpcWebFraming,
	text: base64Text,
	contentType: () => "application/grpc-web-text+proto",
};
