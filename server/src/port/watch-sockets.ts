import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImplSpec } from "@connectrpc/connect";
import type { Clock } from "../clock.ts";
import type { WebSocketLimits } from "../http/message-socket.ts";
import { createWebSockets, findHandshakeFault } from "../http/websocket.ts";
import type { DescribeError } from "../rpc/protocol/rest/error-body.ts";
import { Session, type SessionOptions } from "../rpc/protocol/websocket/session.ts";
import { upgradeNeeded, wrongWebSocketKey } from "../rpc/refusals.ts";
import type { UpgradeHandler } from "./upgrades.ts";

/** A server-streaming method that WebSockets subscribe to. */
export interface WatchSocket {
	/** Exact paths. */
	readonly paths: readonly string[];
	/** As in Sec-WebSocket-Protocol; a caller may offer none. */
	readonly subprotocol: string;
	readonly method: DescMethod;
	/** Says of an error what the contract of the services says. */
	readonly describeError: DescribeError;
}

/** What the sockets of a port are made with. */
export interface WatchSocketOptions
	extends Omit<SessionOptions, "procedure" | "describeError" | "limits"> {
	readonly services: readonly ServiceImplSpec[];
	readonly interceptors: readonly Interceptor[];
	readonly limits: SessionOptions["limits"] & WebSocketLimits;
	readonly clock: Clock;
}

/**
 * Creates the handlers of WebSockets by which one method is called many times on one connection.
 * @throws RangeError where no service has the method as a server stream
 */
export function createWatchSockets(
	sockets: readonly WatchSocket[],
	options: WatchSocketOptions,
): UpgradeHandler[] {
	const webSockets = createWebSockets(options.limits, options.clock);
	return sockets.flatMap(({ paths, subprotocol, method, describeError }) => {
		const spec = findStream(method, options.services);
		const procedure = { spec, interceptors: options.interceptors };
		const session = { ...options, procedure, describeError };
		return paths.map(
			(path): UpgradeHandler => ({
				path,
				subprotocols: [subprotocol],
				takesNone: true,
				check(rawHeaders) {
					const fault = findHandshakeFault(rawHeaders);
					if (fault === "version") return upgradeNeeded({ httpVersion: "1.1" });
					return fault === "key" ? wrongWebSocketKey : undefined;
				},
				handle(upgrade) {
					const { rawHeaders, requestId } = upgrade;
					const headers = ["x-request-id", requestId];
					const agreed = { rawHeaders, subprotocol: upgrade.subprotocol, headers };
					webSockets.accept({ upgraded: upgrade, ...agreed }, (socket) => {
						const opened = new Session(socket, upgrade, session);
						upgrade.onDrain(() => opened.drain());
						return opened;
					});
				},
			}),
		);
	});
}

function findStream(method: DescMethod, services: readonly ServiceImplSpec[]) {
	for (const { methods } of services) {
		for (const spec of Object.values(methods)) {
			if (spec.method === method && spec.kind === "server_streaming") return spec;
		}
	}
	throw new RangeError(`${method.name} is no server stream of a service`);
}
