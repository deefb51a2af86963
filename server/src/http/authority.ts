import { isIPv6 } from "node:net";
import type { Exchange } from "./exchange.ts";

/** Host and port that a request names. */
export interface Authority {
	/** Host in the form of {@link parseHost}. */
	readonly host: string;
	/** Port as given; undefined where none is. */
	readonly port: string | undefined;
}

/** Result of a check: the authority and the target's path, or the status that refuses. */
export type AuthorityCheck =
	| {
			readonly authority: Authority;
			/** Path and query, or "*". */
			readonly path: string;
			/** The request names no host, as HTTP/1.0 allows: the authority is the address of this end. */
			readonly isUnnamed?: boolean;
	  }
	| { readonly status: 400 | 421; readonly message: string };

/** Hosts that a port serves. */
export interface HostRule {
	/** Host that the port is bound to. */
	readonly boundHost: string;
	/** Further names; "*" allows every host. */
	readonly allowedHosts: readonly string[];
}

/** A host that was allowed on an address of this end: the next connection may have another address. */
interface AllowedHost {
	readonly authority: Authority;
	readonly localAddress: string;
}

/** Number of allowed names that are remembered. A service has few, and each request says one. */
const maxRemembered = 64;

/** Longest authority: a DNS name, a port and the characters around them. */
const maxAuthorityLength = 261;

/**
 * Creates a check of the host of a request, made before anything else. A malformed host is 400
 * (RFC 9112, 3.2): passed on, it makes URL parsers throw. One that is not served
 * here is 421 (RFC 9110, 15.5.20): a web page whose name was made to point to this
 * machine (DNS rebinding) gets nothing. Loopback names, the bound host and the
 * address that the connection came to always pass; the port is not compared,
 * because forwarding changes it.
 */
export function createAuthorityCheck(rule: HostRule): (exchange: Exchange) => AuthorityCheck {
	const allowsAll = rule.allowedHosts.includes("*");
	const served = new Set([...rule.allowedHosts.map(parseHost), ownHost(rule.boundHost)]);
	// Bounded: few entries, of short names.
	const allowed = new Map<string, AllowedHost>();

	function isServed(host: string, localAddress: string): boolean {
		return allowsAll || isLoopback(host) || served.has(host) || host === ownHost(localAddress);
	}

	function judge(name: string, exchange: Exchange): Authority | (AuthorityCheck & Refused) {
		const { localAddress } = exchange.connection;
		const seen = allowed.get(name);
		if (seen?.localAddress === localAddress) return seen.authority;
		const authority = parseAuthority(name);
		if (authority === undefined) return malformed("the host is malformed");
		if (!isServed(authority.host, localAddress)) {
			return { status: 421, message: "this host is not served here; the service can allow it" };
		}
		if (allowed.size >= maxRemembered) allowed.clear();
		allowed.set(name, { authority, localAddress });
		return authority;
	}

	return (exchange) => {
		const target = splitTarget(exchange);
		if (target === undefined) return malformed("the request target is malformed");
		const { path } = target;
		const given = exchange.authorities;
		const hostFault = checkGiven(exchange, target.authority !== undefined);
		if (hostFault !== undefined) return malformed(hostFault);
		// The absolute form wins over Host (RFC 9112, 3.2.2).
		const name = target.authority ?? given[0];
		if (name === undefined || (target.authority === undefined && isNoName(name, exchange))) {
			const host = ownHost(exchange.connection.localAddress) ?? "";
			return { authority: { host, port: undefined }, path, isUnnamed: true };
		}
		const authority = judge(name, exchange);
		return "status" in authority ? authority : { authority, path };
	};
}

/** Tells whether a Host counts as absent: an empty one does in HTTP/1.0 (RFC 9112, 3.3). */
function isNoName(name: string, { connection }: Exchange): boolean {
	return name === "" && connection.httpVersion === "1.0";
}

interface Refused {
	readonly status: 400 | 421;
	readonly message: string;
}

/** Finds what is wrong with the Host fields and the :authority themselves; undefined: nothing. */
function checkGiven(
	{ authorities, connection: { httpVersion } }: Exchange,
	isAbsolute: boolean,
): string | undefined {
	if (authorities.length === 0) {
		// Only HTTP/1.1 demands it (RFC 9112, 3.2).
		return httpVersion === "1.0" ? undefined : "exactly one host must be named";
	}
	if (authorities.length > (httpVersion === "2.0" ? 2 : 1)) return "exactly one host must be named";
	const [first, second] = authorities;
	if (isAbsolute) {
		const isMalformed = first !== "" && parseAuthority(first as string) === undefined;
		return isMalformed ? "the host is malformed" : undefined;
	}
	if (second === undefined || first === second) return undefined;
	// HTTP/2: Host must not name another entity than :authority (RFC 9113, 8.3.1).
	const [one, other] = [parseAuthority(first as string), parseAuthority(second)];
	const isSame = one?.host === other?.host && (one?.port ?? "") === (other?.port ?? "");
	return isSame ? undefined : "exactly one host must be named";
}

/** Parses `host[:port]` (RFC 3986, 3.2, without user information); undefined where malformed. */
export function parseAuthority(text: string): Authority | undefined {
	const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._~-]+))(?::([0-9]*))?$/i.exec(text);
	if (match === null || text.length > maxAuthorityLength) return undefined;
	const [, literal, , port] = match;
	if (literal !== undefined && !isIPv6(literal)) return undefined;
	if (port !== undefined && Number(port) > 65_535) return undefined;
	// URL's parser decides: "1.2.3.4.5" passes the grammar above.
	const url = URL.parse(`http://${text}/`);
	if (url === null) return undefined;
	return { host: hostOf(url), port: port?.replace(/^0+(?=\d)/, "") };
}

/**
 * Parses a host without port into the form in which hosts are compared: a name in lower case and
 * without its final dot, an address in its shortest spelling and without brackets, an IPv4
 * address that is mapped into IPv6 (RFC 4291, 2.5.5.2) as that address. Undefined where the text
 * is no host, or more than one.
 */
export function parseHost(text: string): string | undefined {
	const authority = parseAuthority(isIPv6(text) ? `[${text}]` : text);
	return authority?.port === undefined ? authority?.host : undefined;
}

/** Returns the host of a URL in the form of {@link parseHost}. */
export function hostOf({ hostname }: URL): string {
	const host = hostname.replace(/^\[|\]$|\.$/g, "");
	const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
	if (mapped === null) return host;
	const [high = 0, low = 0] = mapped.slice(1).map((part) => Number.parseInt(part, 16));
	return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Parses an address of this end without its zone, which no URL can hold (RFC 9844, 6). */
function ownHost(text: string): string | undefined {
	return parseHost(text.replace(/%.*$/, ""));
}

function malformed(message: string): Refused {
	return { status: 400, message };
}

/** Splits a request target of origin-form, absolute-form or asterisk-form (RFC 9112, 3.2). */
function splitTarget({
	target,
	method,
	connection,
}: Exchange): { authority: string | undefined; path: string } | undefined {
	if (target.startsWith("/")) {
		return target.includes("#") ? undefined : { authority: undefined, path: target };
	}
	if (target === "*") return method === "OPTIONS" ? { authority: undefined, path: "*" } : undefined;
	// HTTP/2 has a place of its own for the authority (RFC 9113, 8.3.1).
	if (target.includes("#") || connection.httpVersion === "2.0") return undefined;
	const match = /^https?:\/\/([^/?]*)(.*)$/is.exec(target);
	if (match === null) return undefined;
	const [, authority = "", rest = ""] = match;
	// Without any path, OPTIONS asks about the server as a whole (RFC 9112, 3.2.4).
	if (rest === "" && method === "OPTIONS") return { authority, path: "*" };
	return { authority, path: rest.startsWith("/") ? rest : `/${rest}` };
}

function isLoopback(host: string): boolean {
	if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
	return /^127(?:\.\d{1,3}){3}$/.test(host);
}
