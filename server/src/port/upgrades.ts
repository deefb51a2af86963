import type { Connection } from "../http/connection.ts";
import type { Exchange } from "../http/exchange.ts";
import { type HeaderFields, listOf } from "../http/fields.ts";
import type { UpgradedSocket } from "../http/upgrade.ts";
import { badRequest, type Refusal, unknownPath } from "../rpc/refusals.ts";

/** A subprotocol of WebSocket that a path speaks. */
export interface UpgradeHandler {
	/** Exact path, without query. */
	readonly path: string;
	/** Names as in Sec-WebSocket-Protocol (RFC 6455, 11.3.4). */
	readonly subprotocols: readonly string[];
	/**
	 * Takes a connection over whose host and origin were judged. Its handshake is still to be
	 * checked and answered. What it throws destroys the socket.
	 */
	handle(upgrade: Upgrade): void;
}

/** A connection that was upgraded, and the request that asked for it. */
export interface Upgrade extends UpgradedSocket {
	readonly connection: Connection;
	/** Path and query. */
	readonly path: string;
	readonly rawHeaders: HeaderFields;
	/** The first one that the caller offers and the path speaks. */
	readonly subprotocol: string;
	readonly requestId: string;
}

/** A handler and the subprotocol that was agreed on. */
export interface UpgradeMatch {
	readonly handler: UpgradeHandler;
	readonly subprotocol: string;
}

/**
 * Creates the look-up of upgrade handlers by path and by the subprotocols that a request offers.
 *
 * @throws RangeError when two handlers have the same path and subprotocol
 */
export function createUpgradeLookup(
	handlers: readonly UpgradeHandler[],
): (exchange: Exchange, pathname: string) => UpgradeMatch | Refusal {
	const byPath = new Map<string, Map<string, UpgradeHandler>>();
	for (const handler of handlers) {
		const known = byPath.get(handler.path) ?? new Map<string, UpgradeHandler>();
		byPath.set(handler.path, known);
		for (const name of handler.subprotocols) {
			if (known.has(name)) throw new RangeError(`${handler.path} speaks ${name} already`);
			known.set(name, handler);
		}
	}
	const notFound: Refusal = { ...unknownPath([]), message: "no WebSocket is spoken at this path" };
	return ({ rawHeaders }, pathname) => {
		const known = byPath.get(pathname);
		if (known === undefined) return notFound;
		const offered = (listOf(rawHeaders, "sec-websocket-protocol") ?? "").split(",");
		for (const name of offered.map((text) => text.trim())) {
			const handler = known.get(name);
			if (handler !== undefined) return { handler, subprotocol: name };
		}
		const names = [...known.keys()].join(", ");
		return badRequest("headers", `sec-websocket-protocol must offer one of: ${names}`);
	};
}
