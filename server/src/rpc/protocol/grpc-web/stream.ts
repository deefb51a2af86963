import { metadataFieldsOf } from "../../../http/fields.ts";
import { createEnvelope } from "../envelope.ts";
import type { Framing, StreamProtocol } from "../protocol.ts";
import { statusTrailer } from "../trailer-status.ts";
import { grpcWebFraming, trailerFlag } from "./framing.ts";

const succeeded = createEnvelope(trailerFlag, Buffer.from("grpc-status: 0\r\n"));

/** A last envelope holds the trailers. */
export function createGrpcWebStream(framing: Framing): StreamProtocol {
	const ending: StreamProtocol["ending"] = (error, trailer) => {
		if (error === undefined && trailer === undefined) return { body: succeeded };
		const fields = metadataFieldsOf(statusTrailer(error, trailer));
		let block = "";
		for (let i = 0; i < fields.length; i += 2) block += `${fields[i]}: ${fields[i + 1]}\r\n`;
		return { body: createEnvelope(trailerFlag, Buffer.from(block)) };
	};
	return {
		...framing,
		failure(codec, error, { header, trailer }) {
			const headers = ["content-type", framing.contentType(codec), ...metadataFieldsOf(header)];
			return { status: 200, headers, ...ending(error, trailer) };
		},
		ending,
	};
}

export const grpcWebStream: StreamProtocol = createGrpcWebStream(grpcWebFraming);
