import type { TicketCarrier } from "../caller.ts";
import type { Connection } from "../http/connection.ts";
import type { Exchange } from "../http/exchange.ts";
import { type HeaderFields, listOf } from "../http/fields.ts";
import type { UpgradedSocket } from "../http/upgrade.ts";
import type { RequestSummary } from "../rpc/observer.ts";
import { badRequest, type Refusal, unknownPath } from "../rpc/refusals.ts";

/** A subprotocol of WebSocket that a path speaks. */
export interface UpgradeHandler {
	/** Exact path, without query. */
	readonly path: string;
	/** Names as in Sec-WebSocket-Protocol (RFC 6455, 11.3.4). */
	readonly subprotocols: readonly string[];
	/** Takes a caller that offers no subprotocol, too. Default: false. */
	readonly takesNone?: boolean;
	/** Finds what is wrong with a handshake, before it is accepted. Default: nothing is. */
	check?(rawHeaders: HeaderFields): Refusal | undefined;
	/**
	 * Takes a connection over whose host and origin were judged. Its handshake is still to be
	 * answered. What it throws destroys the socket.
	 */
	handle(upgrade: Upgrade): void;
}

/** A connection that was upgraded, and the request that asked for it. */
export interface Upgrade extends UpgradedSocket {
	readonly connection: Connection;
	/** Address of the caller. */
	readonly address: string;
	/** Path and query, without the ticket. */
	readonly path: string;
	/** Stream ticket of the URL; undefined: there was none. */
	readonly ticket: TicketCarrier | undefined;
	readonly rawHeaders: HeaderFields;
	/** The first one that the caller offers and the path speaks; undefined: the caller offers none. */
	readonly subprotocol: string | undefined;
	readonly requestId: string;
	/** What the log says of the request. */
	readonly summary: RequestSummary;
}

/** A handler and the subprotocol that was agreed on. */
export interface UpgradeMatch {
	readonly handler: UpgradeHandler;
	readonly subprotocol: string | undefined;
}

/** Finds the handler of an upgrade. */
export interface UpgradeLookup {
	/** Checks whether a path has a handler. */
	has(pathname: string): boolean;
	find(exchange: Exchange, pathname: string): UpgradeMatch | Refusal;
}

/**
 * Creates the look-up of upgrade handlers by path and by the subprotocols that a request offers.
 *
 * @throws RangeError when two handlers have the same path and subprotocol
 */
export function createUpgradeLookup(handlers: readonly UpgradeHandler[]): UpgradeLookup {
	const byPath = new Map<string, Map<string | undefined, UpgradeHandler>>();
	for (const handler of handlers) {
		const known = byPath.get(handler.path) ?? new Map<string | undefined, UpgradeHandler>();
		byPath.set(handler.path, known);
		for (const name of [...handler.subprotocols, ...(handler.takesNone ? [undefined] : [])]) {
			if (known.has(name))
				throw new RangeError(`${handler.path} speaks ${name ?? "no subprotocol"} already`);
			known.set(name, handler);
		}
	}
	const notFound: Refusal = { ...unknownPath([]), message: "no WebSocket is spoken at this path" };

	function match({ rawHeaders }: Exchange, pathname: string): UpgradeMatch | Refusal {
		const known = byPath.get(pathname);
		if (known === undefined) return notFound;
		for (const subprotocol of offeredIn(rawHeaders)) {
			const handler = known.get(subprotocol);
			if (handler !== undefined) return { handler, subprotocol };
		}
		const names = [...known.keys()].filter((name) => name !== undefined).join(", ");
		return badRequest("headers", `sec-websocket-protocol must offer one of: ${names}`);
	}

	return {
		has: (pathname) => byPath.has(pathname),
		find(exchange, pathname) {
			const found = match(exchange, pathname);
			if ("cause" in found) return found;
			return found.handler.check?.(exchange.rawHeaders) ?? found;
		},
	};
}

/** Subprotocols that a caller offers, the best one first; undefined among them: it offers none. */
function offeredIn(rawHeaders: HeaderFields): readonly (string | undefined)[] {
	const list = listOf(rawHeaders, "sec-websocket-protocol");
	return list === undefined ? [undefined] : list.split(",").map((text) => text.trim());
}
