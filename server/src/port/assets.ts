import type { Peer, TicketCarrier } from "../caller.ts";
import type { Exchange } from "../http/exchange.ts";
import { fieldOf, type HeaderFields, listOf } from "../http/fields.ts";
import type { Refusal } from "../rpc/refusals.ts";

/** Response of an asset. */
export interface AssetResponse {
	readonly status: number;
	/**
	 * Header fields, names in lower case: content-type, and as needed etag, cache-control (default:
	 * no-store) and content-security-policy. Content-length and x-content-type-options are added.
	 */
	readonly headers: HeaderFields;
	readonly body: Uint8Array;
}

/** A resource beside the procedures, for GET and HEAD, as `/livez` or a file of a web page. */
export interface Asset {
	/** Judges each request before `respond`. Default: everybody may have it. */
	readonly admit?: AdmitToAsset;
	respond(request: AssetRequest): AssetResponse | Promise<AssetResponse>;
}

/** What an asset knows of a request. */
export interface AssetRequest {
	/** Media types that the caller takes, as in Accept; undefined: any. */
	readonly accept: string | undefined;
	/** What is behind the `?` of its target; empty: nothing. */
	readonly query: string;
}

/** Finds why a caller may not have an asset; undefined: it may. */
export type AdmitToAsset = (
	request: GuardedRequest,
) => Refusal | undefined | Promise<Refusal | undefined>;

/** A request for an asset that not everybody may have. */
export interface GuardedRequest {
	readonly header: Pick<Headers, "get">;
	/** GET or HEAD. */
	readonly method: string;
	/** An absolute URL, without the ticket. */
	readonly url: string;
	/** undefined: the URL has none. */
	readonly ticket: TicketCarrier | undefined;
	readonly peer: Peer;
	/** Address of the caller. */
	readonly address: string;
	readonly requestId: string;
}

/** Index of assets by path. */
export type AssetMount =
	| {
			/** Exact path, without query. */
			readonly path: string;
			readonly asset: Asset;
	  }
	| {
			/** Path that begins and ends with a slash, as `/console/`. */
			readonly prefix: string;
			/**
			 * Finds an asset by the path behind the prefix, percent-decoded. It never holds empty or dot
			 * segments, backslashes, or control characters. undefined: there is none.
			 */
			find(rest: string): Asset | undefined;
	  };

/** Response of a page of text. */
export interface TextResponse {
	readonly status: number;
	readonly contentType: string;
	readonly body: string;
}

/** Creates a page of text at an exact path; it is never cached. */
export function createTextPage(
	path: string,
	respond: (request: AssetRequest) => TextResponse | Promise<TextResponse>,
): AssetMount {
	const asset: Asset = {
		async respond(request) {
			const { status, contentType, body } = await respond(request);
			return { status, headers: ["content-type", contentType], body: Buffer.from(body) };
		},
	};
	return { path, asset };
}

/**
 * Creates the look-up of assets by a request's path, without query. Exact paths win over prefixes,
 * long prefixes over short ones.
 *
 * @throws RangeError when a mount is malformed or given twice
 */
export function createAssetLookup(
	mounts: readonly AssetMount[],
): (pathname: string) => Asset | undefined {
	const exact = new Map<string, Asset>();
	const prefixes: Extract<AssetMount, { prefix: string }>[] = [];
	for (const mount of mounts) {
		const isExact = "path" in mount;
		const place = isExact ? mount.path : mount.prefix;
		const isKnown = isExact ? exact.has(place) : prefixes.some(({ prefix }) => prefix === place);
		if (!place.startsWith("/") || !(isExact || place.endsWith("/")) || isKnown) {
			throw new RangeError(`no place for an asset, or taken already: ${place}`);
		}
		if (isExact) exact.set(place, mount.asset);
		else prefixes.push(mount);
	}
	prefixes.sort((one, other) => other.prefix.length - one.prefix.length);
	return (pathname) => {
		const found = exact.get(pathname);
		if (found !== undefined || prefixes.length === 0) return found;
		const mount = prefixes.find(({ prefix }) => pathname.startsWith(prefix));
		const rest = mount === undefined ? undefined : decodeRest(pathname.slice(mount.prefix.length));
		return rest === undefined ? undefined : mount?.find(rest);
	};
}

/**
 * Decodes the path behind a prefix; undefined where it could mean another place than it says: empty
 * or dot segments, encoded slashes, backslashes, control characters, bytes that are no UTF-8.
 */
function decodeRest(raw: string): string | undefined {
	// Decoded, these would divide the path differently (RFC 3986, 2.2).
	if (/%2f|%5c|\\/i.test(raw)) return undefined;
	let rest: string;
	try {
		rest = decodeURIComponent(raw);
	} catch {
		return undefined;
	}
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	if (/[\x00-\x1f\x7f]/.test(rest)) return undefined;
	if (rest === "") return rest;
	const isUnclear = rest.split("/").some((part, index, parts) => {
		const isLast = index === parts.length - 1;
		return part === "." || part === ".." || (part === "" && !isLast);
	});
	return isUnclear ? undefined : rest;
}

/** Writes the response of an asset to GET or HEAD, or 304 where the caller has it already. */
export async function writeAsset(
	exchange: Exchange,
	asset: Asset,
	common: HeaderFields,
): Promise<void> {
	const accept = listOf(exchange.rawHeaders, "accept");
	const [, query = ""] = /\?(.*)$/s.exec(exchange.target) ?? [];
	const { status, headers, body } = await asset.respond({ accept, query });
	const own =
		fieldOf(headers, "cache-control") === undefined
			? ["cache-control", "no-store", ...headers]
			: headers;
	const fields = [...common, ...own, "x-content-type-options", "nosniff"];
	if (
		status === 200 &&
		isCurrent(listOf(exchange.rawHeaders, "if-none-match"), fieldOf(headers, "etag"))
	) {
		exchange.writeHead({ status: 304, headers: withoutContent(fields) });
		exchange.end();
		return;
	}
	exchange.writeHead({
		status,
		headers: [...fields, "content-length", String(body.byteLength)],
	});
	if (exchange.method === "HEAD") exchange.end();
	else exchange.end({ body });
}

/** Checks whether If-None-Match names the entity tag, by weak comparison (RFC 9110, 13.1.2). */
function isCurrent(given: string | undefined, etag: string | undefined): boolean {
	if (given === undefined || etag === undefined) return false;
	if (given.trim() === "*") return true;
	const opaque = etag.replace(/^W\//, "");
	return given.match(/"[^"]*"/g)?.some((tag) => tag === opaque) ?? false;
}

/** Fields of the content itself have no place in a 304 (RFC 9110, 15.4.5). */
function withoutContent(fields: HeaderFields): HeaderFields {
	const kept: string[] = [];
	for (let i = 0; i < fields.length; i += 2) {
		const name = fields[i] as string;
		if (/^content-(?:type|encoding|length|language|range)$/.test(name)) continue;
		kept.push(name, fields[i + 1] as string);
	}
	return kept;
}
