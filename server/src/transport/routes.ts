import {
	type Protocol,
	protocolOf,
	streamContentTypes,
	unaryContentTypes,
} from "./content-type.ts";
import { type Exchange, headerOf } from "./exchange.ts";
import { validateGetQuery } from "./get-query.ts";
import type { Procedure } from "./procedures.ts";
import type { Refusal } from "./refusal.ts";
import {
	badRequest,
	grpcNeedsHttp2,
	unknownPath,
	wrongContentType,
	wrongMethod,
} from "./refusal-kinds.ts";

/** A request and the procedure that it asks for. */
export interface Route {
	readonly procedure: Procedure;
	readonly protocol: Protocol;
	/** Path and query. */
	readonly path: string;
	/** Method as the procedure sees it: HEAD is a GET whose body is left out. */
	readonly method: string;
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
			if (!allowed.includes(exchange.method)) return wrongMethod(allowed);
			if (exchange.method !== "POST") return getRoute(exchange, procedure, { path, query });
			const accepted = isUnary ? unaryContentTypes : streamContentTypes;
			const protocol = protocolOf(headerOf(exchange, "content-type") ?? "", isUnary);
			if (protocol === undefined) return wrongContentType(accepted);
			// gRPC's path is the procedure, whole (grpc/doc/PROTOCOL-HTTP2.md).
			if (protocol.startsWith("grpc") && query !== "") return notFound;
			if (protocol === "grpc" && exchange.connection.httpVersion !== "2.0") return grpcNeedsHttp2;
			const version = headerOf(exchange, "connect-protocol-version") ?? "1";
			if (protocol.startsWith("connect") && version !== "1") {
				return {
					...badRequest("protocol", "connect-protocol-version must be 1"),
					inProtocol: true,
				};
			}
			return { procedure, protocol, path, method: "POST" };
		},
	};
}

function getRoute(
	exchange: Exchange,
	procedure: Procedure,
	target: { readonly path: string; readonly query: string },
): Route | Refusal {
	const fault = validateGetQuery(new URLSearchParams(target.query));
	const type = headerOf(exchange, "content-type") ?? "";
	if (fault === "content_type" || protocolOf(type, true) !== "connect") {
		return wrongContentType(unaryContentTypes, `"encoding" must be json or proto`);
	}
	if (fault !== undefined) return badRequest("protocol", fault.message);
	return { procedure, protocol: "connect", path: target.path, method: "GET" };
}

const postMethods = ["POST"];
const getMethods = ["POST", "GET", "HEAD"];

function splitOnce(text: string, separator: string): [string, string] {
	const at = text.indexOf(separator);
	return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
