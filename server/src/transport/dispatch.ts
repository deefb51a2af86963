import { checkAuthority, type HostRule } from "./authority.ts";
import { type CallContext, requestIdFrom } from "./call-context.ts";
import { type DirectOptions, serveDirect } from "./direct/serve.ts";
import { type Exchange, headerOf } from "./exchange.ts";
import type { Fields } from "./fields.ts";
import { checkOrigin } from "./origin.ts";
import { type PlainPage, writePage } from "./plain-page.ts";
import { type Refusal, writeRefusal } from "./refusal.ts";
import {
	badRequest,
	foreignOrigin,
	tooManyHeaders,
	wrongAuthority,
	wrongMethod,
} from "./refusal-kinds.ts";
import type { Route, Routes } from "./routes.ts";
import { serveUniversal } from "./universal.ts";

/** What the way of a request is decided by. */
export interface DispatchOptions extends DirectOptions {
	readonly hosts: HostRule;
	readonly allowedOrigins: readonly string[];
	readonly pages: readonly PlainPage[];
	readonly routes: Routes;
}

/**
 * The way of every request: host, origin, page or procedure. Never fails: what
 * goes wrong here breaks off this one call and is told to the observer.
 */
export function createDispatch(options: DispatchOptions): (exchange: Exchange) => Promise<void> {
	const pages = new Map(options.pages.map((page) => [page.path, page]));
	const { observer } = options;

	async function serve(exchange: Exchange): Promise<void> {
		const requestId = requestIdFrom(headerOf(exchange, "x-request-id"));
		const id: Fields = ["x-request-id", requestId];
		const refuse = (refusal: Refusal, fields: Fields): void => {
			const httpStatus = writeRefusal(exchange, refusal, {
				common: fields,
				detailsOf: options.refusalDetails,
			});
			observer.callRefused({ cause: refusal.cause, httpStatus, procedure: "", requestId });
		};
		const headersFault = checkHeaders(exchange, options.limits);
		if (headersFault !== undefined) return refuse(headersFault, id);
		const host = checkAuthority(exchange, options.hosts);
		if ("status" in host) return refuse(wrongAuthority(host.status, host.message), id);
		const origin = checkOrigin(exchange, host.authority, options.allowedOrigins);
		if (origin.kind === "refuse") return refuse(foreignOrigin, id);
		const common: Fields = [...id, ...origin.headers];
		if (origin.kind === "preflight") {
			exchange.writeHead({ status: 204, headers: common });
			return exchange.end();
		}
		const query = host.path.indexOf("?");
		const page = pages.get(query === -1 ? host.path : host.path.slice(0, query));
		if (page !== undefined) {
			if (exchange.method === "GET" || exchange.method === "HEAD") {
				return writePage(exchange, page, common);
			}
			return refuse(wrongMethod(["GET", "HEAD"]), common);
		}
		const route = options.routes.find(exchange, host.path);
		if ("cause" in route) return refuse(route, common);

		const context = contextOf(exchange, route, requestId);
		const { direct } = route.procedure;
		if (direct !== undefined) {
			return serveDirect({ exchange, procedure: direct, route, context, common }, options);
		}
		let outcome = { complete: false, sentBytes: 0 };
		try {
			outcome = await serveUniversal({ exchange, route, context, common }, options);
		} finally {
			observer.callEnded({ ...outcome, requestId });
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

/** Node's HTTP/1.1 parser sees to size and characters; to HTTP/2 the size is advice (RFC 9113, 6.5.2). */
function checkHeaders(
	{ connection, rawHeaders, target }: Exchange,
	limits: DispatchOptions["limits"],
): Refusal | undefined {
	if (rawHeaders.length / 2 > limits.maxHeaderCount) return tooManyHeaders;
	if (connection.httpVersion !== "2.0") return undefined;
	let headerBytes = target.length;
	for (const text of rawHeaders) {
		headerBytes += text.length;
		if (/[^\t\x20-\x7e\x80-\xff]/.test(text)) {
			return badRequest("headers", "a header field is malformed");
		}
	}
	return headerBytes > limits.maxHeaderBytes ? tooManyHeaders : undefined;
}

function contextOf(exchange: Exchange, route: Route, requestId: string): CallContext {
	const { httpVersion, secure } = exchange.connection;
	const protocol = route.protocol === "connect-stream" ? "connect" : route.protocol;
	return { requestId, protocol, httpVersion, secure };
}
