import { BlockList, isIP, SocketAddress } from "node:net";

/** Addresses of IP, told by ranges. */
export interface AddressRanges {
	/** True where there is no range. */
	readonly isEmpty: boolean;
	/** @param address as {@link plainAddress} gives it */
	has(address: string): boolean;
}

/** Longest text of an address: IPv6 with an IPv4 part, and a zone. */
const maxAddressLength = 64;

/**
 * Returns an address in the one form in which addresses are compared, counted and logged: IPv6 in its
 * shortest spelling and without zone (RFC 5952), an IPv4 address that is mapped into IPv6 (RFC 4291,
 * 2.5.5.2) as that address.
 * @returns undefined: it is none
 */
export function plainAddress(text: string): string | undefined {
	if (text.length > maxAddressLength) return undefined;
	const family = isIP(text);
	if (family === 0) return undefined;
	if (family === 4) return text;
	const { address } = new SocketAddress({ address: text, family: "ipv6" });
	const isMapped = address.startsWith(mappedPrefix) && address.includes(".");
	return isMapped ? address.slice(mappedPrefix.length) : address;
}

const mappedPrefix = "::ffff:";
/** Bits that the prefix of mapped addresses has. */
const mappedBits = 96;

/** A range of addresses. */
interface AddressRange {
	readonly network: string;
	readonly prefixLength: number;
	readonly family: "ipv4" | "ipv6";
}

/**
 * Parses a range as in `10.0.0.0/8` or `2001:db8::/32` (RFC 4632, 3.1); an address alone is a range of one.
 * @returns undefined: it is none
 */
function parseRange(text: string): AddressRange | undefined {
	const slash = text.indexOf("/");
	const given = slash === -1 ? text : text.slice(0, slash);
	// A zone is of one machine: no range of addresses.
	const network = given.includes("%") ? undefined : plainAddress(given);
	if (network === undefined) return undefined;
	const bits = given.includes(":") ? 128 : 32;
	const prefix = slash === -1 ? bits : parsePrefixLength(text.slice(slash + 1), bits);
	if (prefix === undefined) return undefined;
	if (network.includes(":")) return { network, prefixLength: prefix, family: "ipv6" };
	const prefixLength = bits === 128 ? prefix - mappedBits : prefix;
	// A shorter one holds addresses of both kinds, and no one means that.
	return prefixLength < 0 ? undefined : { network, prefixLength, family: "ipv4" };
}

function parsePrefixLength(text: string, max: number): number | undefined {
	const value = Number(text);
	return String(value) === text && Number.isInteger(value) && value >= 0 && value <= max
		? value
		: undefined;
}

/** Checks whether a text is a range of addresses, or an address. */
export function isAddressRange(text: string): boolean {
	return parseRange(text) !== undefined;
}

/**
 * Creates the ranges. One of IPv6 holds no IPv4 address, also not a mapped one: `::/0` is IPv6 alone.
 * @throws RangeError where a text is no range
 */
export function createAddressRanges(texts: readonly string[]): AddressRanges {
	const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
	for (const text of texts) {
		const range = parseRange(text);
		if (range === undefined) throw new RangeError(`no range of addresses: ${text}`);
		lists[range.family].addSubnet(range.network, range.prefixLength, range.family);
	}
	return {
		isEmpty: texts.length === 0,
		has(address) {
			const family = isIP(address);
			if (family === 0) return false;
			return family === 4 ? lists.ipv4.check(address) : lists.ipv6.check(address, "ipv6");
		},
	};
}
