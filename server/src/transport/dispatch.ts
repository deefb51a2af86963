import type { Clock } from "../clock.ts";
import { checkAuthority, type HostRule } from "./authority.ts";
import { type CallContext, requestIdFrom } from "./call-context.ts";
import { type Exchange, headerOf } from "./exchange.ts";
import type { Fairness } from "./fairness.ts";
import type { TransportLimits } from "./limits.ts";
import type { TransportObserver } from "./observer.ts";
import { checkOrigin } from "./origin.ts";
import { type PlainPage, writePage } from "./page.ts";
import { type Refusal, writeRefusal } from "./refusal.ts";
import {
	badRequest,
	foreignOrigin,
	tooManyHeaders,
	wrongAuthority,
	wrongMethod,
} from "./refusals.ts";
import type { Routes } from "./routes.ts";
import { serveUniversal } from "./universal.ts";

/** What the way of a request is decided by. */
export interface DispatchOptions {
	readonly hosts: HostRule;
	readonly allowedOrigins: readonly string[];
	readonly pages: readonly PlainPage[];
	readonly routes: Routes;
	readonly limits: TransportLimits;
	readonly clock: Clock;
	readonly fairness: Fairness;
	readonly observer: TransportObserver;
}

type Fields = readonly (readonly [string, string])[];

/**
 * The way of every request: host, origin, page or procedure. Never fails: what
 * goes wrong here breaks off this one call and is told to the observer.
 */
export function createDispatch(options: DispatchOptions): (exchange: Exchange) => Promise<void> {
	const pages = new Map(options.pages.map((page) => [page.path, page]));
	const { observer, clock } = options;

	function refuse(exchange: Exchange, refusal: Refusal, common: Fields): void {
		const httpStatus = writeRefusal(exchange, refusal, common);
		const requestId = requestIdIn(common);
		observer.callRefused({ cause: refusal.cause, httpStatus, procedure: "", requestId });
	}

	async function serve(exchange: Exchange): Promise<void> {
		const context = contextOf(exchange);
		const id: Fields = [["x-request-id", context.requestId]];
		if (exchange.rawHeaders.length / 2 > options.limits.maxHeaderCount) {
			return refuse(exchange, tooManyHeaders, id);
		}
		if (exchange.rawHeaders.some((text) => /[^\t\x20-\x7e\x80-\xff]/.test(text))) {
			return refuse(exchange, badRequest("headers", "a header field is malformed"), id);
		}
		const host = checkAuthority(exchange, options.hosts);
		if ("status" in host) return refuse(exchange, wrongAuthority(host.status, host.message), id);
		const origin = checkOrigin(exchange, host.authority, options.allowedOrigins);
		if (origin.kind === "refuse") return refuse(exchange, foreignOrigin, id);
		const common: Fields = [...id, ...origin.headers];
		if (origin.kind === "preflight") {
			exchange.writeHead({ status: 204, headers: common });
			return exchange.end();
		}
		const page = pages.get(host.path.split("?", 1)[0] as string);
		if (page !== undefined) {
			if (exchange.method === "GET" || exchange.method === "HEAD") {
				await writePage(exchange, page, common);
				return;
			}
			return refuse(exchange, wrongMethod(["GET", "HEAD"]), common);
		}
		const route = options.routes.find(exchange, host.path);
		if ("cause" in route) return refuse(exchange, route, common);

		const procedure = route.handler.requestPath;
		const call = { procedure, requestId: context.requestId, httpVersion: context.httpVersion };
		const startMs = clock.monotonicMs();
		let outcome = { httpStatus: 0, complete: false, sentBytes: 0 };
		observer.callStarted(call);
		try {
			outcome = await serveUniversal({ exchange, route, context, common }, options);
		} finally {
			observer.callEnded(call, { ...outcome, durationMs: clock.monotonicMs() - startMs });
		}
	}

	return async (exchange) => {
		try {
			await serve(exchange);
		} catch (error) {
			exchange.abort();
			observer.unexpected(error);
		}
	};
}

function contextOf(exchange: Exchange): CallContext {
	const { httpVersion, peerAddress, secure } = exchange.connection;
	const requestId = requestIdFrom(headerOf(exchange, "x-request-id"));
	return { requestId, peerAddress, httpVersion, secure };
}

function requestIdIn(common: Fields): string {
	return common[0]?.[1] ?? "";
}
