import { type Exchange, headerOf } from "../http/exchange.ts";
import type { Procedure } from "./procedures.ts";
import type {
	CallProtocol,
	RequestBinding,
	StreamProtocol,
	UnaryProtocol,
} from "./protocol/protocol.ts";
import type { Protocols } from "./protocol/protocols.ts";
import { notByThisMethod, type Refusal, unknownPath, wrongContentType } from "./refusals.ts";
import { createRouter, type Variables } from "./router.ts";

/** A request and the procedure that it asks for. */
export interface Route {
	readonly procedure: Procedure;
	/** Name of the protocol. */
	readonly protocolName: string;
	readonly protocol: UnaryProtocol | StreamProtocol;
	/** Place of the request's message. */
	readonly binding: RequestBinding;
	/** Path and query. */
	readonly path: string;
	/** POST, or GET: HEAD is a GET whose body is left out. */
	readonly httpMethod: "POST" | "GET";
}

/** Finds the route of a request, or the reason why there is none. */
export interface Routes {
	find(exchange: Exchange, path: string): Route | Refusal;
}

/** Creates the routes to procedures: by exact path, nothing is decoded, no slash is forgiven. */
export function createRoutes(procedures: readonly Procedure[], protocols: Protocols): Routes {
	const router = createRouter<Procedure>();
	for (const procedure of procedures) {
		for (const method of methodsOf(procedure, protocols)) {
			router.add(method, procedure.path, procedure);
		}
	}
	const notFound = unknownPath(procedures.map(({ path }) => path));
	const accepted = {
		unary: acceptPostOf(protocols, "unary"),
		stream: acceptPostOf(protocols, "stream"),
	};

	return {
		find(exchange, path) {
			const at = path.indexOf("?");
			const match = router.match(exchange.method, at === -1 ? path : path.slice(0, at));
			if (match === undefined) return notFound;
			if ("allowedMethods" in match) {
				return notByThisMethod(match.allowedMethods, accepted[kindOf(match.sibling)]);
			}
			const { target: procedure, variables } = match;
			const request = { exchange, path, query: at === -1 ? "" : path.slice(at + 1), variables };
			return exchange.method === "POST"
				? bindPost(procedure, request)
				: bindGet(procedure, request);
		},
	};

	function bindPost(procedure: Procedure, request: RoutedRequest): Route | Refusal {
		const kind = kindOf(procedure);
		const type = protocols.readContentType(headerOf(request.exchange, "content-type") ?? "");
		if (typeof type === "string") return wrongContentType(accepted[kind], type);
		const protocol = type[kind];
		if (protocol === undefined || !canServe(procedure, protocol)) {
			return wrongContentType(accepted[kind], "unknown");
		}
		const binding = protocol.bind(request, type.codec);
		if (binding === undefined) return notFound;
		if ("cause" in binding) return binding;
		const { name: protocolName } = type;
		return { procedure, protocolName, protocol, binding, path: request.path, httpMethod: "POST" };
	}

	/** The first protocol that binds a GET answers it. */
	function bindGet(procedure: Procedure, request: RoutedRequest): Route | Refusal {
		const kind = kindOf(procedure);
		for (const { name: protocolName, [kind]: protocol } of protocols.all) {
			if (protocol?.allowsGet !== true || !canServe(procedure, protocol)) continue;
			const binding = protocol.bind(request, undefined);
			if (binding === undefined) continue;
			if ("cause" in binding && binding.cause === "content_type") {
				return { ...binding, headers: ["accept-post", accepted[kind]] };
			}
			const type = protocols.readContentType(headerOf(request.exchange, "content-type") ?? "");
			if (typeof type === "string") return wrongContentType(accepted[kind], type);
			if (type[kind] !== protocol) return wrongContentType(accepted[kind], "unknown");
			if ("cause" in binding) return binding;
			return { procedure, protocolName, protocol, binding, path: request.path, httpMethod: "GET" };
		}
		return notFound;
	}
}

/** The head of a request, and its whole target. */
interface RoutedRequest {
	readonly exchange: Exchange;
	readonly path: string;
	readonly query: string;
	readonly variables: Variables;
}

function kindOf({ isUnary }: Procedure): "unary" | "stream" {
	return isUnary ? "unary" : "stream";
}

/** connect's own handlers, which answer the rest, do not know every protocol. */
function canServe({ direct }: Procedure, { hasConnectHandler }: CallProtocol): boolean {
	return hasConnectHandler || direct !== undefined;
}

function methodsOf(procedure: Procedure, { all }: Protocols): readonly string[] {
	const kind = kindOf(procedure);
	const allowsGet = procedure.isReadOnly && all.some(({ [kind]: part }) => part?.allowsGet);
	return allowsGet ? ["POST", "GET", "HEAD"] : ["POST"];
}

function acceptPostOf({ all }: Protocols, kind: "unary" | "stream"): string {
	return all.flatMap(({ [kind]: part }) => part?.acceptPost ?? []).join(", ");
}
