import { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "./connect-internals.ts";

/** Longest `grpc-message` in characters, before its percent encoding. */
const maxGrpcMessageLength = 1_024;

/**
 * The trailer that ends a call in gRPC and gRPC-Web. A trailer of a megabyte would not only lose
 * this answer: HTTP/2 ends the connection over it, with the calls of all others behind one proxy.
 */
export function statusTrailer(
	error: ConnectError | undefined,
	trailer: Headers | undefined,
): Headers {
	return setTrailerStatus(new Headers(trailer), error && withShortWords(error));
}

/** The details, too, repeat the message. */
function withShortWords(error: ConnectError): ConnectError {
	if (error.rawMessage.length <= maxGrpcMessageLength) return error;
	const words = error.rawMessage.slice(0, maxGrpcMessageLength).toWellFormed();
	const short = new ConnectError(words, error.code, error.metadata);
	short.details = error.details;
	short.isWireError = error.isWireError;
	return short;
}

/** The trailer with a message that fits. */
export function withShortMessage(trailer: Headers): Headers {
	const message = trailer.get("grpc-message") ?? "";
	if (message.length > maxGrpcMessageLength) {
		const short = decodeURIComponent(message).slice(0, maxGrpcMessageLength).toWellFormed();
		trailer.set("grpc-message", encodeURIComponent(short));
	}
	return trailer;
}
