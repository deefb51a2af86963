import { metadataFieldsOf } from "../../../http/fields.ts";
import type { UnaryProtocol } from "../protocol.ts";
import { grpcFraming } from "./framing.ts";
import { grpcStream } from "./stream.ts";

/** Unary calls are streams of one message. */
export const grpcUnary: UnaryProtocol = {
	...grpcFraming,
	answer(codec, { envelope, encoding }, { header, trailer }) {
		const headers = ["content-type", grpcFraming.contentType(codec), ...metadataFieldsOf(header)];
		if (encoding !== undefined) headers.push("grpc-encoding", encoding);
		const { trailers } = grpcStream.ending(undefined, trailer);
		return { status: 200, headers, body: envelope, trailers };
	},
	failure: grpcStream.failure,
};
