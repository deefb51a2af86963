import type { ResponseEnd } from "../../../http/exchange.ts";
import { createGrpcWebStream } from "../grpc-web/stream.ts";
import type { StreamProtocol } from "../protocol.ts";
import { base64Text, grpcWebTextFraming } from "./framing.ts";

const binary = createGrpcWebStream(grpcWebTextFraming);

/** gRPC-Web's streams, in base64. */
export const grpcWebTextStream: StreamProtocol = {
	...binary,
	failure: (codec, error, metadata) => inText(binary.failure(codec, error, metadata)),
	ending: (error, trailer) => inText(binary.ending(error, trailer)),
};

/** An answer, or its end, with its body in base64. */
export function inText<T extends ResponseEnd>(answer: T): T {
	return answer.body === undefined ? answer : { ...answer, body: base64Text.encode(answer.body) };
}
