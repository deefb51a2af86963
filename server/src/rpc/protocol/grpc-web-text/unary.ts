import { createGrpcWebUnary } from "../grpc-web/unary.ts";
import type { UnaryProtocol } from "../protocol.ts";
import { grpcWebTextFraming } from "./framing.ts";
import { grpcWebTextStream, inText } from "./stream.ts";

const binary = createGrpcWebUnary(grpcWebTextFraming);

/** gRPC-Web's unary calls, in base64. */
export const grpcWebTextUnary: UnaryProtocol = {
	...binary,
	answer: (codec, message, metadata) => inText(binary.answer(codec, message, metadata)),
	failure: grpcWebTextStream.failure,
};
