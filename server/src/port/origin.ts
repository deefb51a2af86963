import { cors } from "@connectrpc/connect";
import { type Authority, hostOf } from "../http/authority.ts";
import { type Exchange, headerOf } from "../http/exchange.ts";
import type { HeaderFields } from "../http/fields.ts";

/** Time that a browser may keep the response to a preflight, in seconds; Chromium's maximum. */
const maxAgeSeconds = 7_200;
const allowedMethods = [...cors.allowedMethods, "HEAD", "PUT", "PATCH", "DELETE"].join(", ");
const allowedHeaders = [
	...cors.allowedHeaders,
	"Authorization",
	"X-Api-Key",
	"X-Request-Id",
	"If-Match",
	"If-None-Match",
	"Last-Event-ID",
	// OpenTelemetry's instrumentation of a page adds these (W3C Trace Context, W3C Baggage).
	"Traceparent",
	"Tracestate",
	"Baggage",
];
const exposedHeaders = [
	...cors.exposedHeaders,
	"X-Request-Id",
	"ETag",
	"Location",
	"Retry-After",
	"WWW-Authenticate",
].join(", ");

/** Result of the check of a request's Origin. */
export type OriginCheck =
	| { readonly kind: "pass"; readonly headers: HeaderFields }
	| { readonly kind: "preflight"; readonly headers: HeaderFields }
	| { readonly kind: "refuse" };

/** Origins whose pages may call, and the header fields they may send. */
export interface OriginRule {
	/** Origins, as in `https://console.example.org`. */
	readonly allowedOrigins: readonly string[];
	/** Header fields that pass the preflight, besides those that the protocols and tracing need. */
	readonly allowedHeaders: readonly string[];
}

/**
 * Checks the Origin of a request (Fetch standard, CORS protocol), with connect's header lists. Listed
 * origins may do everything; no credentials header is ever sent. A page of any other origin gets no
 * CORS headers, so it can read nothing, and whatever might change something is refused: browsers send
 * simple requests without a preflight, to services on this machine too. So is all that it asks for by a
 * client certificate. No Origin, or the service's own, passes.
 */
export function checkOrigin(
	exchange: Exchange,
	authority: Authority,
	{ allowedOrigins, allowedHeaders: further }: OriginRule,
): OriginCheck {
	const vary = allowedOrigins.length > 0 ? varyOrigin : none;
	const origin = headerOf(exchange, "origin");
	if (origin === undefined) {
		return isForeignWithCertificate(exchange)
			? { kind: "refuse" }
			: { kind: "pass", headers: vary };
	}
	const isPreflight =
		exchange.method === "OPTIONS" &&
		headerOf(exchange, "access-control-request-method") !== undefined;
	if (allowedOrigins.includes(origin)) {
		const allow = ["access-control-allow-origin", origin];
		return isPreflight
			? { kind: "preflight", headers: [...vary, ...allow, ...preflightHeaders(further)] }
			: {
					kind: "pass",
					headers: [...vary, ...allow, "access-control-expose-headers", exposedHeaders],
				};
	}
	if (isPreflight) return { kind: "preflight", headers: vary };
	const isOwn = isSameOrigin(origin, exchange, authority);
	return isOwn || isHarmless(origin, exchange)
		? { kind: "pass", headers: vary }
		: { kind: "refuse" };
}

/**
 * Checks whether a request comes from no page, or from one of an origin that may do everything: the
 * service's own or a listed one. "null" is neither.
 */
export function isTrustedOrigin(
	exchange: Exchange,
	authority: Authority,
	{ allowedOrigins }: Pick<OriginRule, "allowedOrigins">,
): boolean {
	const origin = headerOf(exchange, "origin");
	if (origin === undefined || allowedOrigins.includes(origin)) return true;
	return origin !== "null" && isSameOrigin(origin, exchange, authority);
}

/**
 * Checks whether a page of another origin does nothing by its request: it reads, and cannot see what. By a
 * client certificate, which a browser adds by itself, it would read as the user, and open streams that count
 * as the user's.
 */
function isHarmless(origin: string, { method, connection }: Exchange): boolean {
	// "null" is the origin of pages that hide theirs: sandboxed ones and files.
	if (origin === "null" || !safeMethods.includes(method)) return false;
	return method === "OPTIONS" || connection.peer.certificate === undefined;
}

/**
 * Checks whether a page of another site calls with a client certificate (W3C Fetch Metadata, 2.4): as an
 * image or a frame it says no Origin, or something on the way has taken that off. Following a link is
 * none of these.
 */
function isForeignWithCertificate(exchange: Exchange): boolean {
	const { method, connection } = exchange;
	const site = headerOf(exchange, "sec-fetch-site");
	if (site === undefined || site === "same-origin" || site === "none") return false;
	if (method === "OPTIONS" || connection.peer.certificate === undefined) return false;
	const isLink =
		headerOf(exchange, "sec-fetch-mode") === "navigate" &&
		headerOf(exchange, "sec-fetch-dest") === "document";
	return !(isLink && safeMethods.includes(method));
}

const safeMethods: readonly string[] = ["GET", "HEAD", "OPTIONS"];
const none: HeaderFields = [];
const varyOrigin: HeaderFields = ["vary", "Origin"];

function preflightHeaders(further: readonly string[]): HeaderFields {
	return [
		"access-control-allow-methods",
		allowedMethods,
		"access-control-allow-headers",
		[...allowedHeaders, ...further].join(", "),
		"access-control-max-age",
		String(maxAgeSeconds),
	];
}

function isSameOrigin(origin: string, exchange: Exchange, authority: Authority): boolean {
	const schemes = exchange.connection.secure ? ["https:"] : ["http:", "https:"];
	if (!URL.canParse(origin)) return false;
	const url = new URL(origin);
	// A proxy may have taken TLS off before us, so https may stand for our http.
	if (!schemes.includes(url.protocol)) return false;
	const defaultPort = url.protocol === "https:" ? "443" : "80";
	return (
		hostOf(url) === authority.host && (url.port || defaultPort) === (authority.port || defaultPort)
	);
}
