import {
	contentTypeStreamRegExp,
	contentTypeUnaryRegExp,
	grpcContentTypeRegExp,
	grpcWebContentTypeRegExp,
} from "./connect-internals.ts";

/** The protocol that a request speaks, as its content type says. */
export type Protocol = "connect" | "connect-stream" | "grpc" | "grpc-web";

/** Content types that unary procedures take, for Accept-Post. */
export const unaryContentTypes =
	"application/json, application/proto, application/grpc-web+proto, application/grpc+proto";

/** Content types that streams take, for Accept-Post. */
export const streamContentTypes =
	"application/connect+json, application/connect+proto, application/grpc-web+proto, application/grpc+proto";

/**
 * Tells the protocol of a POST; undefined where the procedure does not take that
 * type. No type means JSON, for unary procedures: curl users forget it. The text
 * form of gRPC-Web (base64) is not spoken by connect's handlers.
 */
export function protocolOf(contentType: string, isUnary: boolean): Protocol | undefined {
	const known = isUnary ? knownUnary : knownStream;
	const seen = known.get(contentType);
	if (seen !== undefined) return seen;
	const protocol = matchProtocol(contentType, isUnary);
	// There are many spellings; the few that come again and again come early.
	if (protocol !== undefined && known.size < maxKnown) known.set(contentType, protocol);
	return protocol;
}

const maxKnown = 64;
const knownUnary = new Map<string, Protocol>();
const knownStream = new Map<string, Protocol>();

function matchProtocol(contentType: string, isUnary: boolean): Protocol | undefined {
	if (contentType === "") return isUnary ? "connect" : undefined;
	if (isUnary && contentTypeUnaryRegExp.test(contentType)) return "connect";
	if (!isUnary && contentTypeStreamRegExp.test(contentType)) return "connect-stream";
	if (grpcContentTypeRegExp.test(contentType)) return "grpc";
	if (
		grpcWebContentTypeRegExp.test(contentType) &&
		!/^application\/grpc-web-text/i.test(contentType)
	) {
		return "grpc-web";
	}
	return undefined;
}
