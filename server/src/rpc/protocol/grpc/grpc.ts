import type { ConnectError } from "@connectrpc/connect";
import { type HeaderFields, metadataFieldsOf } from "../../../http/fields.ts";
import { brokenFraming, grpcNeedsHttp2 } from "../../refusals.ts";
import {
	compressedFlag,
	createEnvelope,
	createEnvelopeBody,
	envelopeFraming,
} from "../envelope.ts";
import {
	bodyBindings,
	type CallProtocol,
	type EncodedMessage,
	type Protocol,
	type StreamProtocol,
	type UnaryProtocol,
} from "../protocol.ts";
import { grpcTimeout } from "../timeout.ts";
import { statusTrailer } from "../trailer-status.ts";

/** What gRPC and its forms for browsers have in common. */
export const grpcFamily: Pick<
	CallProtocol,
	| "allowsGet"
	| "hasConnectHandler"
	| "timeout"
	| "encodingHeader"
	| "acceptEncodingHeader"
	| "body"
	| "bind"
> = {
	allowsGet: false,
	hasConnectHandler: true,
	timeout: grpcTimeout,
	encodingHeader: "grpc-encoding",
	acceptEncodingHeader: "grpc-accept-encoding",
	body: createEnvelopeBody(() => brokenFraming("an envelope has unknown flags")),
	// The path is the procedure, whole (grpc/doc/PROTOCOL-HTTP2.md).
	bind: ({ query }, codec) =>
		codec === undefined || query !== "" ? undefined : bodyBindings[codec],
};

/** Puts a response message into its envelope. */
export function envelopeOf({ bytes, encoding }: EncodedMessage): Buffer {
	return createEnvelope(encoding === undefined ? 0 : compressedFlag, bytes);
}

const contentType = (codec: string) =>
	codec === "json" ? "application/grpc+json" : "application/grpc+proto";

const succeeded: HeaderFields = ["grpc-status", "0"];

function trailersOf(error: ConnectError | undefined, trailer: Headers | undefined): HeaderFields {
	if (error === undefined && trailer === undefined) return succeeded;
	return metadataFieldsOf(statusTrailer(error, trailer));
}

const common: CallProtocol = {
	...grpcFamily,
	contentTypes: {
		"application/grpc": "binary",
		"application/grpc+proto": "binary",
		"application/grpc+json": "json",
	},
	acceptPost: ["application/grpc+proto"],
	hasTrailers: true,
	bind(request, codec) {
		const binding = grpcFamily.bind(request, codec);
		const hasTrailers = request.exchange.connection.httpVersion === "2.0";
		return binding === undefined || hasTrailers ? binding : grpcNeedsHttp2;
	},
	contentType,
	// "Trailers-Only" where it can be: in two frames, a client that reads the first may break off
	// before the second. What the implementation set as headers has to stay apart from the trailers.
	failure(codec, error, { header, trailer }) {
		const headers = ["content-type", contentType(codec), ...metadataFieldsOf(header)];
		const trailers = metadataFieldsOf(statusTrailer(error, trailer));
		return header === undefined
			? { status: 200, headers: [...headers, ...trailers] }
			: { status: 200, headers, trailers };
	},
};

const unary: UnaryProtocol = {
	...common,
	framing: envelopeFraming,
	success(codec, message, { header, trailer }) {
		const headers = ["content-type", contentType(codec), ...metadataFieldsOf(header)];
		if (message.encoding !== undefined) headers.push("grpc-encoding", message.encoding);
		const trailers = trailersOf(undefined, trailer);
		const body = message.isFramed ? message.bytes : envelopeOf(message);
		return { status: 200, headers, body, trailers };
	},
};

const stream: StreamProtocol = {
	...common,
	framing: envelopeFraming,
	end: (error, trailer) => ({ trailers: trailersOf(error, trailer) }),
};

/** gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): HTTP trailers say how a call ended. */
export const grpc: Protocol = { name: "grpc", family: "application/grpc", unary, stream };
