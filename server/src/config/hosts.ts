import { isIP, isIPv6 } from "node:net";
import { isAddressRange } from "../http/addresses.ts";
import { parseHost } from "../http/authority.ts";
import { type Parse, parseWords } from "./parsers.ts";

/** Longest name that DNS has (RFC 1035, 2.3.4), without its final dot. */
const maxNameLength = 253;

/**
 * Parses names and addresses of hosts with the parser that reads the Host of requests: an entry that
 * it refuses could never match. `*` allows any.
 */
export const parseHosts: Parse<readonly string[]> = (text) => {
	const parsed = parseWords(text);
	if ("problem" in parsed) return parsed;
	for (const entry of parsed.value) {
		const problem = entry === "*" ? undefined : hostProblem(entry);
		if (problem !== undefined) return { problem: `has ${JSON.stringify(entry)}: ${problem}` };
	}
	return parsed;
};

/** Parses ranges of addresses, as in `10.0.0.0/8`; an address alone is a range of one. */
export const parseAddressRanges: Parse<readonly string[]> = (text) => {
	const parsed = parseWords(text);
	if ("problem" in parsed) return parsed;
	const wrong = parsed.value.find((entry) => !isAddressRange(entry));
	if (wrong === undefined) return parsed;
	const given = JSON.stringify(wrong);
	return { problem: `has ${given}: give addresses or ranges of them, as in 10.0.0.0/8` };
};

/** Parses an address of this machine, or a name for one. */
export const parseBoundHost: Parse<string> = (text) => {
	if (text === "") return { problem: "must not be empty" };
	const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
	// A zone, as in fe80::1%eth0, is of no use in a request, but tells where to listen.
	if (isIPv6(bare)) return { value: bare };
	const problem = hostProblem(text);
	return problem === undefined
		? { value: text }
		: { problem: `is ${JSON.stringify(text)}: ${problem}` };
};

/** Finds what is wrong with a host name or address without port; undefined: nothing. */
function hostProblem(text: string): string | undefined {
	const host = parseHost(text);
	if (host === undefined) return `${looksLike(text)}; give a name or an address alone`;
	if (isIP(host) !== 0) {
		// Numbers in another form than four decimal ones are an address to browsers, not a name.
		if (isIP(text.replace(/^\[|\]$/g, "")) !== 0) return undefined;
		return `this address is written ${host}`;
	}
	if (text.endsWith(".")) return "leave the final dot out";
	if (host.length > maxNameLength) return `a name has at most ${maxNameLength} characters`;
	const labels = host.split(".");
	if (labels.includes("")) return "there is nothing between two dots";
	// RFC 1035, 2.3.4.
	if (labels.some((label) => label.length > 63)) {
		return "a name has at most 63 characters between two dots";
	}
	return undefined;
}

function looksLike(text: string): string {
	if (text.includes("://")) return "this has a scheme";
	if (text.includes("*")) return "there are no wildcards, but for * alone";
	if (text.includes("/")) return "this has a path";
	if (text.includes("@")) return "this has a user";
	if (/\s/.test(text)) return "this has white space";
	if (/[^\p{ASCII}]/u.test(text)) return inAscii(text);
	if (/^(?:\[[^\]]*\]|[^:]*):[0-9]*$/.test(text)) return "this has a port";
	return "this is no host";
}

/** Suggests the ASCII form of a name, in which it is sent (RFC 5891). */
function inAscii(text: string): string {
	const ascii = URL.parse(`http://${text}/`)?.hostname;
	const form = ascii === undefined || parseHost(ascii) === undefined ? "" : `, as in ${ascii}`;
	return `write it in ASCII${form}`;
}

/** Parses web origins as browsers send them (RFC 6454): scheme, host and port, nothing else. */
export const parseOrigins: Parse<readonly string[]> = (text) => {
	const parsed = parseWords(text);
	if ("problem" in parsed) return parsed;
	for (const entry of parsed.value) {
		const problem = originProblem(entry);
		if (problem !== undefined) {
			return {
				problem: `has ${JSON.stringify(entry)}: ${problem}; an origin is as https://app.example.com`,
			};
		}
	}
	return parsed;
};

/** Finds what keeps browsers from ever sending such an origin; undefined: nothing. */
function originProblem(text: string): string | undefined {
	const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
	if (url === null) return "this is no http or https URL";
	if (url.origin !== text) return `browsers send ${url.origin}`;
	// Of a page whose host was typed with its final dot, browsers send the dot.
	const host = url.hostname.replace(/\.$/, "");
	return hostProblem(host);
}
