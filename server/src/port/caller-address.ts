import { isIP } from "node:net";
import { type AddressRanges, plainAddress } from "../http/addresses.ts";
import type { Exchange } from "../http/exchange.ts";
import type { HeaderFields } from "../http/fields.ts";

/** Most hops that are walked: no chain of trusted proxies is so long, and a caller may send thousands. */
const maxHops = 16;
/** Longest hop that is read: an address of IPv6 in brackets, with a port. */
const maxHopLength = 64;

/**
 * Creates what finds the address of a caller: that of the connection's other end or, where that is a
 * trusted proxy, the last hop of X-Forwarded-For that is none. The walk goes from the newest hop to the
 * oldest, because whatever is before the first untrusted one was written by it; at a malformed one it
 * ends with the hop after it. Forwarded (RFC 7239) is not read: a proxy writes one of the two fields and
 * passes the other one on as its client sent it, so whoever reads both believes the client.
 * @returns empty where there is no address
 */
export function createCallerAddress(
	trusted: AddressRanges,
): (exchange: Pick<Exchange, "connection" | "rawHeaders">) => string {
	return ({ connection: { peer }, rawHeaders }) => {
		if (trusted.isEmpty || !trusted.has(peer.address)) return peer.address;
		return lastUntrusted(peer.address, rawHeaders, trusted);
	};
}

function lastUntrusted(peer: string, fields: HeaderFields, trusted: AddressRanges): string {
	let address = peer;
	let hops = 0;
	for (let at = fields.length - 2; at >= 0; at -= 2) {
		if (fields[at] !== "x-forwarded-for") continue;
		const list = fields[at + 1] as string;
		let end = list.length;
		while (end >= 0) {
			const comma = end === 0 ? -1 : list.lastIndexOf(",", end - 1);
			const hop = hops++ < maxHops ? parseHop(list, comma + 1, end) : undefined;
			if (hop === undefined) return address;
			address = hop;
			if (!trusted.has(address)) return address;
			end = comma;
		}
	}
	return address;
}

/**
 * Parses a hop: an address; some proxies add a port, and brackets around IPv6.
 * @returns undefined: it is none
 */
function parseHop(list: string, from: number, to: number): string | undefined {
	// Cut before anything is copied: one text of 16 KiB may be all there is.
	if (to - from > 2 * maxHopLength) return undefined;
	const text = list.slice(from, to).trim();
	if (text.length > maxHopLength || text.includes("%")) return undefined;
	if (text.startsWith("[")) {
		const close = text.indexOf("]");
		const inner = close === -1 ? "" : text.slice(1, close);
		return inner.includes(":") && isPortOrNone(text.slice(close + 1))
			? plainAddress(inner)
			: undefined;
	}
	const colon = text.indexOf(":");
	const isSingle = colon !== -1 && colon === text.lastIndexOf(":");
	if (!isSingle) return plainAddress(text);
	const host = text.slice(0, colon);
	return isIP(host) === 4 && isPortOrNone(text.slice(colon)) ? host : undefined;
}

/** Checks what follows an address: nothing, or a colon and a port. */
function isPortOrNone(text: string): boolean {
	if (text === "") return true;
	const port = text.slice(1);
	return text.startsWith(":") && String(Number(port)) === port && Number(port) <= 65_535;
}
