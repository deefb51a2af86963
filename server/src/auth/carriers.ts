import type { TicketCarrier } from "../caller.ts";
import { wronglyShown } from "./failures.ts";

/** What a call shows of its caller, beside the certificate of its connection. */
export interface Carriers {
	/** API key or token; undefined: none is shown. */
	readonly token: string | undefined;
	/** Stream ticket of the URL; undefined: there is none. */
	readonly ticket: TicketCarrier | undefined;
	/** HTTP method. */
	readonly method: string;
	/** Path and query, without the ticket. */
	readonly target: string;
}

/** The part of a request that carriers are read from. */
export interface CarrierSource {
	readonly header: Pick<Headers, "get">;
	readonly ticket: TicketCarrier | undefined;
	/** HTTP method. */
	readonly method: string;
	/** An absolute URL. */
	readonly url: string;
	/** The header is the one of a WebSocket's handshake. */
	readonly isWebSocket: boolean;
}

/**
 * Subprotocol by which a page's WebSocket shows a token, as the API server of Kubernetes has it: the
 * token follows in base64url without padding. It is never selected, and so never echoed.
 */
const bearerSubprotocol = "base64url.bearer.authorization.k8s.io.";

const twoCredentials = "this call shows two different credentials; send one";

/** RFC 6750, 2.1. */
const tokenPattern = /^[A-Za-z0-9\-._~+/]+=*$/;
const schemePattern = /^bearer +/i;

/**
 * Reads the credential of a call. All carriers that are there must show the same one.
 * @throws UNAUTHENTICATED where they do not, or where one is malformed or in the URL
 */
export function readCarriers(source: CarrierSource): Carriers {
	const { header, url, isWebSocket, ticket, method } = source;
	refuseTokenInUrl(url);
	let token: string | undefined;
	const show = (shown: string) => {
		if (!tokenPattern.test(shown)) throw wronglyShown("the credential is malformed");
		if (token !== undefined && token !== shown) {
			throw wronglyShown(twoCredentials);
		}
		token = shown;
	};
	const authorization = header.get("authorization");
	if (authorization !== null) {
		if (!schemePattern.test(authorization)) {
			throw wronglyShown("Authorization is to be Bearer and a token");
		}
		show(authorization.replace(schemePattern, ""));
	}
	const apiKey = header.get("x-api-key");
	if (apiKey !== null) show(apiKey);
	if (isWebSocket) {
		for (const offered of header.get("sec-websocket-protocol")?.split(",") ?? []) {
			const name = offered.trim();
			if (name.startsWith(bearerSubprotocol)) show(decode(name.slice(bearerSubprotocol.length)));
		}
	}
	if (token !== undefined && ticket !== undefined) throw wronglyShown(twoCredentials);
	return { token, ticket, method, target: url.slice(url.indexOf("/", url.indexOf("//") + 2)) };
}

/** What is malformed becomes text that is no token. */
function decode(encoded: string): string {
	if (!/^[A-Za-z0-9_-]+$/.test(encoded)) return "";
	return Buffer.from(encoded, "base64url").toString("latin1");
}

/** Names of query parameters by which tokens are commonly sent, in lower case without - and _. */
const tokenParameters: ReadonlySet<string> = new Set([
	...["accesstoken", "idtoken", "token", "bearer", "bearertoken", "jwt"],
	...["apikey", "xapikey", "authorization"],
]);

/** URLs end up in logs, histories and referrers (RFC 6750, 5.3): what lives long is not to be there. */
function refuseTokenInUrl(url: string): void {
	const start = url.indexOf("?");
	if (start === -1) return;
	for (const parameter of url.slice(start + 1).split("&")) {
		const name = parameter.split("=", 1)[0] as string;
		if (tokenParameters.has(plainName(name))) {
			throw wronglyShown("a credential does not belong into a URL; send it in a header");
		}
	}
}

function plainName(name: string): string {
	let decoded = name;
	try {
		if (name.includes("%")) decoded = decodeURIComponent(name);
	} catch {
		// No name of ours, and none that a client library makes.
	}
	return decoded.replaceAll(/[-_]/g, "").toLowerCase();
}
