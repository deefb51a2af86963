import { brokenFraming } from "../../refusals.ts";
import type { Framing } from "../protocol.ts";

/** Flag of the envelope that holds the trailers (grpc/doc/PROTOCOL-WEB.md). */
export const trailerFlag = 0b1000_0000;

/** gRPC for browsers, which cannot read HTTP trailers. */
export const grpcWebFraming: Framing = {
	isEnveloped: true,
	hasGrpcTimeout: true,
	hasTrailers: false,
	encodingHeader: "grpc-encoding",
	acceptEncodingHeader: "grpc-accept-encoding",
	contentType: (codec) =>
		codec === "json" ? "application/grpc-web+json" : "application/grpc-web+proto",
	checkFlags: () => brokenFraming("an envelope has unknown flags"),
};
