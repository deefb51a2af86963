import { type Exchange, headerOf } from "../http/exchange.ts";
import type { Codec } from "./codec/codec.ts";
import type { Procedure } from "./procedures.ts";
import { type GetRequest, readGetQuery } from "./protocol/connect/get-query.ts";
import {
	type Protocol,
	readContentType,
	streamContentTypes,
	unaryContentTypes,
} from "./protocol/content-type.ts";
import type { Refusal } from "./refusals.ts";
import {
	badRequest,
	grpcNeedsHttp2,
	noEncoding,
	notByThisMethod,
	unknownPath,
	wrongContentType,
} from "./refusals.ts";

/** A request and the procedure that it asks for. */
export interface Route {
	readonly procedure: Procedure;
	readonly protocol: Protocol;
	/** Of the request message, and of the answer. */
	readonly codec: Codec;
	/** Path and query. */
	readonly path: string;
	/** Method as the procedure sees it: HEAD is a GET whose body is left out. */
	readonly method: string;
	/** Where the request message is in the query; undefined: it is in the body. */
	readonly get?: GetRequest;
}

/** Finds the route of a request, or the reason why there is none. */
export interface Routes {
	find(exchange: Exchange, path: string): Route | Refusal;
}

/** Routes to procedures by exact path: nothing is decoded, no slash is forgiven. */
export function createRoutes(procedures: readonly Procedure[]): Routes {
	const byPath = new Map(procedures.map((procedure) => [procedure.path, procedure]));
	const notFound = unknownPath([...byPath.keys()]);
	return {
		find(exchange, path) {
			const [pathname = "", query = ""] = splitOnce(path, "?");
			const procedure = byPath.get(pathname);
			if (procedure === undefined) return notFound;
			const { isUnary } = procedure;
			const allowed = procedure.allowsGet ? getMethods : postMethods;
			const accepted = isUnary ? unaryContentTypes : streamContentTypes;
			if (!allowed.includes(exchange.method)) return notByThisMethod(allowed, accepted);
			if (exchange.method !== "POST") return getRoute(exchange, procedure, { path, query });
			const type = readContentType(headerOf(exchange, "content-type") ?? "");
			if (typeof type === "string" || !takes(procedure, type.protocol)) {
				const fault = typeof type === "string" ? type : "unknown";
				return wrongContentType(accepted, fault);
			}
			const { protocol, codec } = type;
			// gRPC's path is the procedure, whole (grpc/doc/PROTOCOL-HTTP2.md).
			if (protocol.startsWith("grpc") && query !== "") return notFound;
			if (protocol === "grpc" && exchange.connection.httpVersion !== "2.0") return grpcNeedsHttp2;
			const version = headerOf(exchange, "connect-protocol-version") ?? "1";
			if (protocol.startsWith("connect") && version !== "1") {
				return badRequest("protocol", "connect-protocol-version must be 1");
			}
			return { procedure, protocol, codec, path, method: "POST" };
		},
	};
}

/** Connect has one form for unary calls and one for streams; its own handlers do not know gRPC-Web's text. */
function takes({ isUnary, direct }: Procedure, protocol: Protocol): boolean {
	if (protocol === "connect") return isUnary;
	if (protocol === "connect-stream") return !isUnary;
	return protocol !== "grpc-web-text" || direct !== undefined;
}

function getRoute(
	exchange: Exchange,
	procedure: Procedure,
	target: { readonly path: string; readonly query: string },
): Route | Refusal {
	const get = readGetQuery(target.query);
	const type = readContentType(headerOf(exchange, "content-type") ?? "");
	if (get === "content_type") return noEncoding(unaryContentTypes);
	if (typeof type === "string" || type.protocol !== "connect") {
		return wrongContentType(unaryContentTypes, typeof type === "string" ? type : "unknown");
	}
	if ("message" in get) return badRequest("protocol", get.message);
	const { path } = target;
	return { procedure, protocol: "connect", codec: get.codec, path, method: "GET", get };
}

const postMethods = ["POST"];
const getMethods = ["POST", "GET", "HEAD"];

function splitOnce(text: string, separator: string): [string, string] {
	const at = text.indexOf(separator);
	return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
