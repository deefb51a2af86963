import { trailerSerialize } from "../../connect-internals.ts";
import { createEnvelope } from "../../envelope.ts";
import { metadataFieldsOf } from "../../fields.ts";
import { statusTrailer } from "../../status-trailer.ts";
import type { StreamProtocol } from "../protocol.ts";
import { grpcWebFraming, trailerFlag } from "./framing.ts";

const succeeded = createEnvelope(trailerFlag, Buffer.from("grpc-status: 0\r\n"));

/** A last envelope holds the trailers. */
export const grpcWebStream: StreamProtocol = {
	...grpcWebFraming,
	failure(form, error, { header, trailer }) {
		const headers = ["content-type", grpcWebFraming.contentType(form), ...metadataFieldsOf(header)];
		return { status: 200, headers, ...grpcWebStream.ending(error, trailer) };
	},
	ending(error, trailer) {
		if (error === undefined && trailer === undefined) return { body: succeeded };
		return { body: createEnvelope(trailerFlag, trailerSerialize(statusTrailer(error, trailer))) };
	},
};
