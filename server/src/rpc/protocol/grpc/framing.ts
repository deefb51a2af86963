import { brokenFraming } from "../../refusals.ts";
import type { Framing } from "../protocol.ts";

/** gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md). */
export const grpcFraming: Framing = {
	isEnveloped: true,
	hasGrpcTimeout: true,
	hasTrailers: true,
	encodingHeader: "grpc-encoding",
	acceptEncodingHeader: "grpc-accept-encoding",
	contentType: (codec) => (codec === "json" ? "application/grpc+json" : "application/grpc+proto"),
	checkFlags: () => brokenFraming("an envelope has unknown flags"),
};
