import { connectStream } from "./connect/stream.ts";
import { connectUnary } from "./connect/unary.ts";
import type { Protocol } from "./content-type.ts";
import { grpcStream } from "./grpc/stream.ts";
import { grpcUnary } from "./grpc/unary.ts";
import { grpcWebStream } from "./grpc-web/stream.ts";
import { grpcWebUnary } from "./grpc-web/unary.ts";
import { grpcWebTextStream } from "./grpc-web-text/stream.ts";
import { grpcWebTextUnary } from "./grpc-web-text/unary.ts";
import type { StreamProtocol, UnaryProtocol } from "./protocol.ts";

/** Unary calls, by the protocol that the content type names. */
export const unaryProtocols: Readonly<Record<Exclude<Protocol, "connect-stream">, UnaryProtocol>> =
	{
		connect: connectUnary,
		grpc: grpcUnary,
		"grpc-web": grpcWebUnary,
		"grpc-web-text": grpcWebTextUnary,
	};

/** Streams, likewise. */
export const streamProtocols: Readonly<Record<Exclude<Protocol, "connect">, StreamProtocol>> = {
	"connect-stream": connectStream,
	grpc: grpcStream,
	"grpc-web": grpcWebStream,
	"grpc-web-text": grpcWebTextStream,
};
