import { createAuthorityCheck, type HostRule } from "../http/authority.ts";
import { type Exchange, headerOf } from "../http/exchange.ts";
import type { HeaderFields } from "../http/fields.ts";
import type { UpgradeRequest } from "../http/upgrade.ts";
import { type CallContext, localUrl, requestIdFrom } from "../rpc/call/call-context.ts";
import { sendRefusal } from "../rpc/call/error-response.ts";
import { LazyHeaders } from "../rpc/call/lazy-headers.ts";
import type { ResponseOwner } from "../rpc/call/send-response.ts";
import { type DirectOptions, serveDirect } from "../rpc/call/server-call.ts";
import { type TakenTicket, takeTicket } from "../rpc/call/ticket-carrier.ts";
import { summarizeRequest } from "../rpc/observer.ts";
import type { Protocols } from "../rpc/protocol/protocols.ts";
import {
	foreignOrigin,
	type Refusal,
	upgradeNeeded,
	wrongAuthority,
	wrongMethod,
} from "../rpc/refusals.ts";
import type { Route, Routes } from "../rpc/routes.ts";
import { serveUniversal, type UniversalCall } from "../rpc/universal/universal.ts";
import { type Asset, type AssetMount, createAssetLookup, writeAsset } from "./assets.ts";
import { checkHead } from "./head-check.ts";
import { checkOrigin, isTrustedOrigin, type OriginRule } from "./origin.ts";
import { createUpgradeLookup, type UpgradeHandler } from "./upgrades.ts";

/** Options of a dispatch. */
export interface DispatchOptions extends DirectOptions {
	readonly hosts: HostRule;
	readonly origins: OriginRule;
	readonly assets: readonly AssetMount[];
	readonly upgrades: readonly UpgradeHandler[];
	/** Finds the address of a caller. */
	readonly callerAddress: (exchange: Exchange) => string;
	/** Prefix of every path, which a request may have or lack: "" or as in `/wukong`. */
	readonly basePath: string;
	readonly routes: Routes;
	readonly protocols: Protocols;
	/** Creates the id of a request that brings none. */
	readonly createRequestId: () => string;
}

/** Routes requests to assets, procedures and upgrade handlers. */
export interface Dispatch {
	/** Serves a request. Never fails: a fault breaks off this one call and is reported to the observer. */
	serve(exchange: Exchange): void;
	/** Serves a request for WebSocket, in the same way. */
	upgrade(request: UpgradeRequest): void;
}

/** Creates the dispatch of a port: host, origin, then asset, procedure or upgrade handler. */
export function createDispatch(options: DispatchOptions): Dispatch {
	const upgrades = createUpgradeLookup(options.upgrades);
	const findAsset = createAssetLookup(options.assets);
	const checkAuthority = createAuthorityCheck(options.hosts);
	const { observer, callerAddress } = options;
	/** Owner of responses to requests without a route, which are no calls. */
	const nobody: ResponseOwner = { onEnd() {}, onFault: observer.unexpected };

	/** @returns the rest of the response, where its failure is reported here */
	function serve(exchange: Exchange): Promise<void> | undefined {
		const requestId = requestIdOf(exchange);
		const id: HeaderFields = ["x-request-id", requestId];
		const admission = admit(exchange);
		if ("cause" in admission) return refuse({ exchange, common: id, requestId }, admission);
		const { originHeaders, isPreflight, isUnnamed } = admission;
		const { path, ticket } = takeTicket(admission.path);
		const common = originHeaders.length === 0 ? id : id.concat(originHeaders);
		if (isPreflight) {
			exchange.writeHead({ status: 204, headers: common });
			exchange.end();
			return undefined;
		}
		if (path === "*") {
			return sayAllowed(exchange, common, "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE");
		}
		const query = path.indexOf("?");
		const asset = findAsset(query === -1 ? path : path.slice(0, query));
		if (asset !== undefined) {
			const { method } = exchange;
			if (method === "GET" || method === "HEAD") {
				if (asset.admit === undefined) return writeAsset(exchange, asset, common);
				return writeGuarded({ exchange, common, requestId }, { asset, path, ticket });
			}
			if (method === "OPTIONS") return sayAllowed(exchange, common, assetMethods.join(", "));
			return refuse({ exchange, common, requestId }, wrongMethod(assetMethods));
		}
		// Health checks without a host (HTTP/1.0) get assets only.
		if (isUnnamed) {
			const refusal = wrongAuthority(400, "exactly one host must be named");
			return refuse({ exchange, common, requestId }, refusal);
		}
		if (upgrades.has(query === -1 ? path : path.slice(0, query))) {
			const { method } = exchange;
			if (method === "OPTIONS") return sayAllowed(exchange, common, upgradeMethods.join(", "));
			const refusal =
				method === "GET" || method === "HEAD"
					? upgradeNeeded(exchange.connection)
					: wrongMethod(upgradeMethods);
			return refuse({ exchange, common, requestId }, refusal);
		}
		const route = options.routes.find(exchange, path);
		if ("cause" in route) return refuse({ exchange, common, requestId }, route);
		if ("allow" in route) return sayAllowed(exchange, common, route.allow);
		const context = contextOf(exchange, route, {
			requestId,
			ticket,
			address: callerAddress(exchange),
		});
		const { direct } = route.procedure;
		if (direct === undefined) return observed({ exchange, route, context, common });
		serveDirect({ exchange, procedure: direct, route, context, common }, options);
		return undefined;
	}

	/** Writes an asset, or why its caller may not have it. */
	async function writeGuarded(
		request: Answered,
		{ asset, path, ticket }: TakenTicket & { readonly asset: Asset },
	): Promise<void> {
		const { exchange, common, requestId } = request;
		const { method, rawHeaders, connection } = exchange;
		const refusal = await asset.admit?.({
			...{ header: new LazyHeaders(rawHeaders), method, ticket, requestId },
			...{ url: localUrl(connection, path), peer: connection.peer },
			address: callerAddress(exchange),
		});
		return refusal === undefined ? writeAsset(exchange, asset, common) : refuse(request, refusal);
	}

	function requestIdOf(exchange: Exchange): string {
		return requestIdFrom(headerOf(exchange, "x-request-id"), options.createRequestId);
	}

	function upgrade({ exchange, accept }: UpgradeRequest): void {
		const requestId = requestIdOf(exchange);
		const common: HeaderFields = ["x-request-id", requestId];
		const admission = admit(exchange, true);
		const { path, ticket } = takeTicket("cause" in admission ? "" : admission.path);
		const match =
			"cause" in admission ? admission : upgrades.find(exchange, path.split("?", 1)[0] as string);
		if ("cause" in match) {
			refuse({ exchange, common, requestId }, match);
			return;
		}
		const { connection, rawHeaders } = exchange;
		const address = callerAddress(exchange);
		const summary = summarizeRequest(exchange);
		const { handler, subprotocol } = match;
		const accepted = accept();
		if (accepted === undefined) return;
		try {
			const agreed = { connection, address, path, ticket, rawHeaders, subprotocol };
			handler.handle({ ...accepted, ...agreed, requestId, summary });
		} catch (error) {
			accepted.socket.destroy();
			observer.unexpected(error);
		}
	}

	/** Judges whether a request may go on, before anybody looks at what it asks for. */
	function admit(exchange: Exchange, isUpgrade = false): Admission | Refusal {
		const headFault = checkHead(exchange, options.limits);
		if (headFault !== undefined) return headFault;
		const host = checkAuthority(exchange);
		if ("status" in host) return wrongAuthority(host.status, host.message);
		// A page's WebSocket knows no preflight: browsers connect to any host (RFC 6455, 10.2).
		if (isUpgrade && !isTrustedOrigin(exchange, host.authority, options.origins)) {
			return foreignOrigin;
		}
		const origin = checkOrigin(exchange, host.authority, options.origins);
		if (origin.kind === "refuse") return foreignOrigin;
		return {
			path: withoutBase(host.path, options.basePath),
			isUnnamed: host.isUnnamed === true,
			originHeaders: origin.headers,
			isPreflight: origin.kind === "preflight",
		};
	}

	function refuse({ exchange, common, requestId }: Answered, refusal: Refusal): undefined {
		const httpStatus = sendRefusal(refusal, options.protocols.findRefusalForm(exchange), {
			exchange,
			common: common.concat(noSniffing),
			options,
			owner: nobody,
		});
		const { cause } = refusal;
		observer.callRefused({
			cause,
			httpStatus,
			procedure: "",
			requestId,
			address: callerAddress(exchange),
			...summarizeRequest(exchange),
		});
	}

	async function observed(call: UniversalCall): Promise<void> {
		let outcome = { complete: false, sentBytes: 0 };
		try {
			outcome = await serveUniversal(call, options);
		} finally {
			observer.callEnded({ ...outcome, requestId: call.context.requestId });
		}
	}

	function breakOff(exchange: Exchange, error: unknown): void {
		exchange.abort();
		observer.unexpected(error);
	}

	return {
		serve(exchange) {
			try {
				serve(exchange)?.catch((error: unknown) => breakOff(exchange, error));
			} catch (error) {
				breakOff(exchange, error);
			}
		},
		upgrade(request) {
			try {
				upgrade(request);
			} catch (error) {
				breakOff(request.exchange, error);
			}
		},
	};
}

/** Methods of pages and assets. */
const assetMethods = ["GET", "HEAD", "OPTIONS"];
/** Methods of paths that are there for an upgrade (RFC 6455, 4.1). */
const upgradeMethods = ["GET", "OPTIONS"];

/** Answers OPTIONS (RFC 9110, 9.3.7). */
function sayAllowed(exchange: Exchange, common: HeaderFields, allow: string): undefined {
	exchange.writeHead({ status: 204, headers: [...common, "allow", allow] });
	exchange.end();
}

/**
 * Returns a path and query without the prefix: some proxies leave it there, others take it off, and
 * probes never had it.
 */
function withoutBase(path: string, basePath: string): string {
	if (basePath === "" || !path.startsWith(basePath)) return path;
	const rest = path.slice(basePath.length);
	if (rest.startsWith("/")) return rest;
	return rest === "" || rest.startsWith("?") ? `/${rest}` : path;
}

/** Keeps browsers from guessing the type of a refusal. */
const noSniffing: HeaderFields = ["x-content-type-options", "nosniff"];

/** A request that is no call of a procedure. */
interface Answered {
	readonly exchange: Exchange;
	/** Header fields of every answer. */
	readonly common: HeaderFields;
	readonly requestId: string;
}

/** A request that may go on to its page or procedure. */
interface Admission {
	/** Path and query, or "*". */
	readonly path: string;
	/** The request names no host and may ask for assets only. */
	readonly isUnnamed: boolean;
	/** Header fields that the origin's rules add to every answer. */
	readonly originHeaders: HeaderFields;
	/** The request is a CORS preflight. */
	readonly isPreflight: boolean;
}

function contextOf(
	exchange: Exchange,
	route: Route,
	own: Pick<CallContext, "requestId" | "ticket" | "address">,
): CallContext {
	const { httpVersion, secure, peer } = exchange.connection;
	const { requestId, ticket, address } = own;
	return { requestId, protocol: route.protocolName, httpVersion, secure, peer, address, ticket };
}
