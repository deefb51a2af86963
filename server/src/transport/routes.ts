import type { UniversalHandler } from "@connectrpc/connect/protocol";
import {
	type Protocol,
	protocolOf,
	streamContentTypes,
	unaryContentTypes,
} from "./content-type.ts";
import { type Exchange, headerOf } from "./exchange.ts";
import { validateGetQuery } from "./get-query.ts";
import type { Refusal } from "./refusal.ts";
import {
	badRequest,
	grpcNeedsHttp2,
	unknownPath,
	wrongContentType,
	wrongMethod,
} from "./refusal-kinds.ts";

/** A request and the handler that takes it. */
export interface Route {
	readonly handler: UniversalHandler;
	readonly protocol: Protocol;
	/** Path and query. */
	readonly path: string;
	/** Method as the handler sees it: HEAD is a GET whose body is left out. */
	readonly method: string;
}

/** Finds the route of a request, or the reason why there is none. */
export interface Routes {
	find(exchange: Exchange, path: string): Route | Refusal;
}

/** Routes to handlers by exact path: nothing is decoded, no slash is forgiven. */
export function createRoutes(handlers: readonly UniversalHandler[]): Routes {
	const byPath = new Map(handlers.map((handler) => [handler.requestPath, handler]));
	const notFound = unknownPath([...byPath.keys()]);
	return {
		find(exchange, path) {
			const [pathname = "", query = ""] = splitOnce(path, "?");
			const handler = byPath.get(pathname);
			if (handler === undefined) return notFound;
			const isUnary = handler.method.methodKind === "unary";
			const allowed = allowedMethods(handler, isUnary);
			if (!allowed.includes(exchange.method)) return wrongMethod(allowed);
			if (exchange.method !== "POST") return getRoute(exchange, handler, { path, query });
			const accepted = isUnary ? unaryContentTypes : streamContentTypes;
			const protocol = protocolOf(headerOf(exchange, "content-type") ?? "", isUnary);
			if (protocol === undefined) return wrongContentType(accepted);
			if (protocol === "grpc" && exchange.connection.httpVersion !== "2.0") return grpcNeedsHttp2;
			const version = headerOf(exchange, "connect-protocol-version") ?? "1";
			if (protocol.startsWith("connect") && version !== "1") {
				return {
					...badRequest("protocol", "connect-protocol-version must be 1"),
					inProtocol: true,
				};
			}
			return { handler, protocol, path, method: "POST" };
		},
	};
}

function getRoute(
	exchange: Exchange,
	handler: UniversalHandler,
	target: { readonly path: string; readonly query: string },
): Route | Refusal {
	const fault = validateGetQuery(new URLSearchParams(target.query));
	const type = headerOf(exchange, "content-type") ?? "";
	if (fault === "content_type" || protocolOf(type, true) !== "connect") {
		return {
			...badRequest("content_type", `"encoding" must be json or proto`),
			httpStatus: 415,
			headers: [["accept-post", unaryContentTypes]],
		};
	}
	if (fault !== undefined) return badRequest("protocol", fault.message);
	return { handler, protocol: "connect", path: target.path, method: "GET" };
}

/** connect lists GET for streams too, and refuses it later. */
function allowedMethods(handler: UniversalHandler, isUnary: boolean): string[] {
	const hasGet = isUnary && handler.allowedMethods.includes("GET");
	return hasGet ? ["POST", "GET", "HEAD"] : ["POST"];
}

function splitOnce(text: string, separator: string): [string, string] {
	const at = text.indexOf(separator);
	return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
