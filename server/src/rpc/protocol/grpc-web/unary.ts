import { metadataFieldsOf } from "../../../http/fields.ts";
import type { Framing, UnaryProtocol } from "../protocol.ts";
import { grpcWebFraming } from "./framing.ts";
import { createGrpcWebStream } from "./stream.ts";

/** Unary calls are streams of one message. */
export function createGrpcWebUnary(framing: Framing): UnaryProtocol {
	const { ending, failure } = createGrpcWebStream(framing);
	return {
		...framing,
		answer(codec, { envelope, encoding }, { header, trailer }) {
			const headers = ["content-type", framing.contentType(codec), ...metadataFieldsOf(header)];
			if (encoding !== undefined) headers.push("grpc-encoding", encoding);
			const { body = new Uint8Array() } = ending(undefined, trailer);
			return { status: 200, headers, body: Buffer.concat([envelope, body]) };
		},
		failure,
	};
}

export const grpcWebUnary: UnaryProtocol = createGrpcWebUnary(grpcWebFraming);
