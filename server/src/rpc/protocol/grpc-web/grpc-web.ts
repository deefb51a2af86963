import type { ConnectError } from "@connectrpc/connect";
import { metadataFieldsOf } from "../../../http/fields.ts";
import { createEnvelope, envelopeFraming } from "../envelope.ts";
import { envelopeOf, grpcFamily } from "../grpc/grpc.ts";
import type { CallProtocol, Protocol, StreamProtocol, UnaryProtocol } from "../protocol.ts";
import { statusTrailer } from "../trailer-status.ts";

/** Flag of the envelope that holds the trailers (grpc/doc/PROTOCOL-WEB.md). */
const trailerFlag = 0b1000_0000;

const succeeded = createEnvelope(trailerFlag, Buffer.from("grpc-status: 0\r\n"));

/** Writes the trailers as the last envelope. */
function createTrailers(error: ConnectError | undefined, trailer: Headers | undefined): Buffer {
	if (error === undefined && trailer === undefined) return succeeded;
	const fields = metadataFieldsOf(statusTrailer(error, trailer));
	let block = "";
	for (let i = 0; i < fields.length; i += 2) block += `${fields[i]}: ${fields[i + 1]}\r\n`;
	return createEnvelope(trailerFlag, Buffer.from(block));
}

/** Creates gRPC-Web with content types of its own. */
export function createGrpcWeb(
	types: Pick<CallProtocol, "contentTypes" | "acceptPost" | "contentType">,
): { readonly unary: UnaryProtocol; readonly stream: StreamProtocol } {
	const { contentType } = types;
	const common: CallProtocol = {
		...grpcFamily,
		...types,
		hasTrailers: false,
		failure(codec, error, { header, trailer }) {
			const headers = ["content-type", contentType(codec), ...metadataFieldsOf(header)];
			return { status: 200, headers, body: createTrailers(error, trailer) };
		},
	};
	return {
		unary: {
			...common,
			success(codec, message, { header, trailer }) {
				const headers = ["content-type", contentType(codec), ...metadataFieldsOf(header)];
				if (message.encoding !== undefined) headers.push("grpc-encoding", message.encoding);
				const body = Buffer.concat([envelopeOf(message), createTrailers(undefined, trailer)]);
				return { status: 200, headers, body };
			},
		},
		stream: {
			...common,
			framing: envelopeFraming,
			end: (error, trailer) => ({ body: createTrailers(error, trailer) }),
		},
	};
}

/** gRPC-Web (grpc/doc/PROTOCOL-WEB.md): gRPC for browsers, which cannot read HTTP trailers. */
export const grpcWeb: Protocol = {
	name: "grpc-web",
	family: "application/grpc-web",
	...createGrpcWeb({
		contentTypes: {
			"application/grpc-web": "binary",
			"application/grpc-web+proto": "binary",
			"application/grpc-web+json": "json",
		},
		acceptPost: ["application/grpc-web+proto"],
		contentType: (codec) =>
			codec === "json" ? "application/grpc-web+json" : "application/grpc-web+proto",
	}),
};
