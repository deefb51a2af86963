import { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "../connect-internals.ts";

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
	const words = error === undefined ? undefined : shortened(error.rawMessage);
	const status = setTrailerStatus(new Headers(trailer), error && withWords(error, words ?? ""));
	if (words !== undefined) status.set("grpc-message", percentEncode(words));
	return status;
}

/** The details, too, repeat the message. */
function withWords(error: ConnectError, words: string): ConnectError {
	if (error.rawMessage === words) return error;
	const short = new ConnectError(words, error.code, error.metadata);
	short.details = error.details;
	short.isWireError = error.isWireError;
	return short;
}

/** Well-formed, too: half a surrogate pair is no character that could be sent. */
function shortened(message: string): string {
	return message.slice(0, maxGrpcMessageLength).toWellFormed();
}

/**
 * Leaves printable ASCII as it is, but for the percent sign (grpc/doc/PROTOCOL-HTTP2.md, "Responses"):
 * grpc-js decodes with `decodeURI`, and would show a `%3A` that stands for a colon.
 */
function percentEncode(message: string): string {
	return message.replaceAll(/[^ -$&-~]+/g, encodeURIComponent);
}

/** The trailer with a message that fits. */
export function withShortMessage(trailer: Headers): Headers {
	const message = trailer.get("grpc-message");
	if (message !== null) {
		trailer.set("grpc-message", percentEncode(shortened(decodeURIComponent(message))));
	}
	return trailer;
}
