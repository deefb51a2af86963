import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";
import { type H1ConnectionState, H1Exchange, type H1Options } from "./exchange-h1.ts";
import type { H1Request } from "./h1-request.ts";

/** A request to switch an HTTP/1.1 connection to WebSocket (RFC 6455, 4.1; RFC 9110, 7.8). */
export interface UpgradeRequest {
	/** The request, and the way to refuse it: the connection ends with a response. */
	readonly exchange: Exchange;
	/**
	 * Takes the connection over; the exchange must not be used after that.
	 * @returns undefined: the peer has gone
	 */
	accept(): UpgradedSocket | undefined;
}

/** A connection that speaks HTTP no more. Its owner writes the 101 response itself. */
export interface UpgradedSocket {
	/** Allows half-open connections: after the peer's end the owner ends its own side. */
	readonly socket: Socket;
	/** Bytes that have arrived behind the request. */
	readonly head: Buffer;
	/**
	 * Calls back once, when the port begins to close. A socket that is open after the grace time is
	 * destroyed.
	 */
	onDrain(callback: () => void): void;
}

/** What an upgrade needs of its connection. */
export interface UpgradingConnection extends H1ConnectionState {
	begin(exchange: H1Exchange): void;
	end(exchange: H1Exchange): void;
}

/** The connections of one listener that were upgraded. */
export interface Upgrades {
	/** Offers a request to the handler. Its connection has no other unanswered request. */
	offer(request: H1Request, head: Buffer, connection: UpgradingConnection): void;
	/** Tells the owners of all upgraded sockets that the port closes. */
	drain(): void;
}

/**
 * Keeps TLS records in the socket while Node's parser is paused; else the parser reads on and fails
 * on the request that they are of (tls-keep-alive.test.ts). A listener of "data", removed by an upgrade.
 */
export function keepTlsRecords(): void {}

/**
 * Checks whether a request asks for WebSocket and for nothing else. All others are served as if they
 * had no Upgrade field, which is what RFC 9110, 7.8 allows: "h2c" of a client that would rather have
 * HTTP/2, HTTP/1.0, and requests with a body.
 */
export function isWebSocketRequest({ method, httpVersion, headers }: IncomingMessage): boolean {
	if (method !== "GET" || httpVersion !== "1.1") return false;
	if (headers["transfer-encoding"] !== undefined) return false;
	if (Number(headers["content-length"] ?? 0) !== 0) return false;
	return /^[\t ]*websocket[\t ]*$/i.test(headers.upgrade ?? "");
}

/** Creates the upgrades of one listener. */
export function createUpgrades(
	handle: (request: UpgradeRequest) => void,
	options: H1Options,
): Upgrades {
	const onDrain = new Map<Socket, () => void>();
	// The connection ends with the response to a request that is refused.
	const refusing: H1Options = { ...options, isDraining: () => true };

	function handOver(socket: Socket, head: Buffer): UpgradedSocket {
		socket.off("data", keepTlsRecords);
		// As Node does before it hands a socket over: the next listener of "data" starts the flow.
		Object.assign(socket, { readableFlowing: null });
		socket.once("close", () => onDrain.delete(socket));
		return { socket, head, onDrain: (callback) => void onDrain.set(socket, callback) };
	}

	return {
		offer(request, head, connection) {
			const { socket } = request;
			const response = new ServerResponse(request);
			response.on("error", () => {});
			response.assignSocket(socket);
			const exchange = new H1Exchange({ request, response }, connection, refusing);
			connection.begin(exchange);
			const settle = () => {
				socket.off("close", settle);
				try {
					exchange.closed();
				} catch (error) {
					exchange.fail(error);
				}
				connection.end(exchange);
			};
			socket.on("close", settle);
			response.once("finish", () => {
				settle();
				socket.destroySoon();
			});
			handle({
				exchange,
				accept() {
					if (socket.destroyed || response.headersSent) return undefined;
					response.detachSocket(socket);
					socket.off("close", settle);
					connection.takeNoMore();
					connection.end(exchange);
					return handOver(socket, head);
				},
			});
		},
		drain() {
			for (const callback of onDrain.values()) {
				try {
					callback();
				} catch (error) {
					options.observer.unexpected(error);
				}
			}
			onDrain.clear();
		},
	};
}
