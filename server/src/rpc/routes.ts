import { type Exchange, headerOf } from "../http/exchange.ts";
import { isProcedurePath, type Procedure } from "./procedures.ts";
import type {
	CallProtocol,
	ProcedurePath,
	RequestBinding,
	StreamProtocol,
	UnaryProtocol,
} from "./protocol/protocol.ts";
import type { Protocols } from "./protocol/protocols.ts";
import {
	notByThisMethod,
	nothingHere,
	type Refusal,
	unknownPath,
	wrongContentType,
	wrongMethod,
} from "./refusals.ts";
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
	/** HEAD is a GET whose body is left out. */
	readonly httpMethod: string;
}

/** Methods that a path takes: what OPTIONS asks for. */
export interface AllowedMethods {
	/** Methods of the path, as the Allow field lists them. */
	readonly allow: string;
}

/** Finds the route of a request, or the reason why there is none. */
export interface Routes {
	find(exchange: Exchange, path: string): Route | Refusal | AllowedMethods;
}

/** A procedure at one of its paths. */
interface Target {
	readonly procedure: Procedure;
	/** undefined: the path is the one that all protocols share. */
	readonly own: ProcedurePath | undefined;
}

/**
 * Creates the routes to procedures: nothing is decoded but what a path's variables hold, no slash is
 * forgiven.
 * @throws RangeError where two procedures have the same path and method
 */
export function createRoutes(procedures: readonly Procedure[], protocols: Protocols): Routes {
	const router = createRouter<Target>();
	for (const procedure of procedures) {
		const shared: Target = { procedure, own: undefined };
		for (const method of methodsOf(procedure, protocols)) {
			router.add(method, procedure.path, shared);
		}
		addOwnPaths(procedure);
	}

	/** Client and bidi streams have connect's handlers alone, which know no paths of their own. */
	function addOwnPaths(procedure: Procedure): void {
		if (procedure.direct === undefined) return;
		const paths = protocols.all.flatMap(({ pathsOf }) => pathsOf?.(procedure.method) ?? []);
		for (const own of paths) {
			router.add(own.httpMethod, own.template, { procedure, own });
		}
		for (const own of paths) {
			const hasHead = paths.some(
				({ httpMethod, template }) => httpMethod === "HEAD" && template === own.template,
			);
			if (own.httpMethod === "GET" && !hasHead) {
				router.add("HEAD", own.template, { procedure, own });
			}
		}
	}

	const notFound = unknownPath(procedures.map(({ path }) => path));
	const hasOwnPaths = protocols.all.some(({ pathsOf }) => pathsOf !== undefined);
	/** For paths that could be no procedure's. */
	const elsewhere = hasOwnPaths ? nothingHere : notFound;
	const accepted = {
		unary: acceptPostOf(protocols, "unary"),
		stream: acceptPostOf(protocols, "stream"),
	};

	return {
		find(exchange, path) {
			const at = path.indexOf("?");
			const pathname = at === -1 ? path : path.slice(0, at);
			const match = router.match(exchange.method, pathname);
			if (match === undefined) return isProcedurePath(pathname) ? notFound : elsewhere;
			if ("allowedMethods" in match) {
				const { procedure, own } = match.sibling;
				if (own === undefined) {
					return notByThisMethod(match.allowedMethods, accepted[kindOf(procedure)]);
				}
				const allowed = [...match.allowedMethods, "OPTIONS"];
				return exchange.method === "OPTIONS" ? { allow: allowed.join(", ") } : wrongMethod(allowed);
			}
			const { target, variables } = match;
			const { procedure, own } = target;
			const request = { exchange, path, query: at === -1 ? "" : path.slice(at + 1), variables };
			if (own !== undefined) return bindOwn(procedure, own, request);
			return exchange.method === "POST"
				? bindPost(procedure, request)
				: bindGet(procedure, request);
		},
	};

	function bindOwn(
		procedure: Procedure,
		own: ProcedurePath,
		request: RoutedRequest,
	): Route | Refusal {
		const bound = own.bind(request);
		if ("cause" in bound) return bound;
		const { method } = request.exchange;
		const { protocolName, protocol, binding, adapt } = bound;
		const httpMethod = method === "HEAD" ? "GET" : method;
		const route = { protocolName, protocol, binding, path: request.path, httpMethod };
		const { direct } = procedure;
		if (adapt === undefined || direct === undefined) return { ...route, procedure };
		return { ...route, procedure: { ...procedure, direct: adapt(direct) } };
	}

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
