import { metadataFieldsOf } from "../../fields.ts";
import type { UnaryProtocol } from "../protocol.ts";
import { grpcWebFraming } from "./framing.ts";
import { grpcWebStream } from "./stream.ts";

/** Unary calls are streams of one message. */
export const grpcWebUnary: UnaryProtocol = {
	...grpcWebFraming,
	answer(form, { envelope, encoding }, { header, trailer }) {
		const headers = ["content-type", grpcWebFraming.contentType(form), ...metadataFieldsOf(header)];
		if (encoding !== undefined) headers.push("grpc-encoding", encoding);
		const { body = new Uint8Array() } = grpcWebStream.ending(undefined, trailer);
		return { status: 200, headers, body: Buffer.concat([envelope, body]) };
	},
	failure: grpcWebStream.failure,
};
