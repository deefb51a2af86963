import { endStreamFlag } from "../../connect-internals.ts";
import type { Refusal } from "../../refusals.ts";
import { badRequest, protocolViolation } from "../../refusals.ts";
import type { Framing } from "../protocol.ts";

/** Unary calls: the body is the message (Connect protocol, "Unary RPCs"). */
export const connectUnaryFraming: Framing = {
	isEnveloped: false,
	hasGrpcTimeout: false,
	hasTrailers: false,
	encodingHeader: "content-encoding",
	acceptEncodingHeader: "accept-encoding",
	contentType: (codec) => (codec === "json" ? "application/json" : "application/proto"),
	checkFlags: () => undefined,
};

/** Streams (Connect protocol, "Streaming RPCs"). */
export const connectStreamFraming: Framing = {
	isEnveloped: true,
	hasGrpcTimeout: false,
	hasTrailers: false,
	encodingHeader: "connect-content-encoding",
	acceptEncodingHeader: "connect-accept-encoding",
	contentType: (codec) =>
		codec === "json" ? "application/connect+json" : "application/connect+proto",
	checkFlags,
};

function checkFlags(flags: number): Refusal | undefined {
	// A client's end-of-stream would stand where the one request message belongs.
	if (flags === endStreamFlag) return protocolViolation("the request message is missing");
	return badRequest("protocol", "an envelope has unknown flags");
}
