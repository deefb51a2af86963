import { isIP, isIPv6 } from "node:net";
import type { Exchange } from "./exchange.ts";

/** Where a request wants to go. */
export interface Authority {
	/** As {@link parseHost} gives it. */
	readonly host: string;
	/** As given, undefined where none was. */
	readonly port: string | undefined;
}

/** Result of {@link checkAuthority}: the authority and the target's path, or the status that refuses. */
export type AuthorityCheck =
	| { readonly authority: Authority; readonly path: string }
	| { readonly status: 400 | 421; readonly message: string };

/** Which hosts a port answers to. */
export interface HostRule {
	/** Host that the port is bound to. */
	readonly boundHost: string;
	/** Names besides; "*" lets every host in. */
	readonly allowedHosts: readonly string[];
}

/**
 * Judges the host of a request before anything else does. A malformed one is 400
 * (RFC 9112, 3.2): passed on, it makes URL parsers throw. One that is not served
 * here is 421 (RFC 9110, 15.5.20): a web page whose name was made to point to this
 * machine (DNS rebinding) gets nothing. Loopback names, the bound host and the
 * address that the connection came to always pass; the port is not compared,
 * because forwarding changes it.
 */
export function checkAuthority(exchange: Exchange, rule: HostRule): AuthorityCheck {
	const target = splitTarget(exchange.target);
	if (target === undefined) return malformed("the request target is malformed");
	const given = exchange.authorities;
	const [name] = given;
	if (name === undefined || (given.length > 1 && given.some((text) => text !== name))) {
		return malformed("exactly one host must be named");
	}
	const { localAddress } = exchange.connection;
	const seen = passed.get(name);
	if (seen?.localAddress === localAddress && seen.rule === rule && target.authority === undefined) {
		return { authority: seen.authority, path: target.path };
	}
	const named = target.authority === undefined ? given : [target.authority, ...given];
	const parsed = named.map(parseAuthority);
	for (const authority of parsed) {
		if (authority === undefined) return malformed("the host is malformed");
		if (!isServed(authority.host, exchange, rule)) {
			return { status: 421, message: "this host is not served here; the service can allow it" };
		}
	}
	const authority = parsed[0] as Authority;
	if (target.authority === undefined) keep(name, { authority, localAddress, rule });
	return { authority, path: target.path };
}

/** A name that passed, and where. */
interface Passed {
	readonly authority: Authority;
	readonly localAddress: string;
	readonly rule: HostRule;
}

/** A service has few names, and each request says one. */
const maxKept = 64;
const passed = new Map<string, Passed>();

function keep(name: string, pass: Passed): void {
	if (passed.size >= maxKept) passed.clear();
	passed.set(name, pass);
}

/** Parses `host[:port]` (RFC 3986, 3.2, without user information); undefined where malformed. */
export function parseAuthority(text: string): Authority | undefined {
	const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._~-]+))(?::([0-9]{0,5}))?$/i.exec(text);
	if (match === null || text.length > 261) return undefined;
	const [, literal, , port] = match;
	if (literal !== undefined && !isIPv6(literal)) return undefined;
	if (port !== undefined && Number(port) > 65_535) return undefined;
	// The last word is the parser's that comes later: "1.2.3.4.5" passes the grammar.
	const url = URL.parse(`http://${text}/`);
	return url === null ? undefined : { host: hostOf(url), port };
}

/**
 * Reads a host without port in the one form in which hosts are compared: a name in lower case and
 * without its final dot, an address in its shortest spelling and without brackets, an IPv4
 * address that is mapped into IPv6 (RFC 4291, 2.5.5.2) as that address. Undefined where the text
 * is no host, or more than one.
 */
export function parseHost(text: string): string | undefined {
	const authority = parseAuthority(isIPv6(text) ? `[${text}]` : text);
	return authority?.port === undefined ? authority?.host : undefined;
}

/** The host of a URL in the form of {@link parseHost}. */
export function hostOf({ hostname }: URL): string {
	const host = hostname.replace(/^\[|\]$|\.$/g, "");
	const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
	if (mapped === null) return host;
	const [high = 0, low = 0] = mapped.slice(1).map((part) => Number.parseInt(part, 16));
	return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function malformed(message: string): AuthorityCheck {
	return { status: 400, message };
}

/** Takes origin-form and absolute-form apart (RFC 9112, 3.2); "*" is a path of its own. */
function splitTarget(target: string): { authority: string | undefined; path: string } | undefined {
	if (target.includes("#")) return undefined;
	if (target.startsWith("/") || target === "*") return { authority: undefined, path: target };
	const match = /^https?:\/\/([^/?]*)(.*)$/is.exec(target);
	if (match === null) return undefined;
	const path = match[2] ?? "";
	return { authority: match[1] ?? "", path: path.startsWith("/") ? path : `/${path}` };
}

function isServed(host: string, exchange: Exchange, rule: HostRule): boolean {
	return (
		isLoopback(host) ||
		host === parseHost(rule.boundHost) ||
		host === parseHost(exchange.connection.localAddress) ||
		rule.allowedHosts.some((allowed) => allowed === "*" || parseHost(allowed) === host)
	);
}

function isLoopback(host: string): boolean {
	if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
	return isIP(host) === 4 && host.startsWith("127.");
}
