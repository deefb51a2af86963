import { type HandshakeRequest, WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../clock.ts";
import { fieldOf, type HeaderFields, valuesOf } from "./fields.ts";
import {
	type MessageSocket,
	type MessageSocketHandler,
	OpenSocket,
	type WebSocketLimits,
} from "./message-socket.ts";
import type { UpgradedSocket } from "./upgrade.ts";
import { closeWords, TextFrames } from "./websocket-frames.ts";

/** What a WebSocket is made of. */
export interface Handshake {
	readonly upgraded: UpgradedSocket;
	/** Header fields of the request; checked by {@link findHandshakeFault}. */
	readonly rawHeaders: HeaderFields;
	/** The one that is agreed on; undefined: none. */
	readonly subprotocol: string | undefined;
	/** Header fields of the response. */
	readonly headers: HeaderFields;
}

/** Answers handshakes. */
export interface WebSockets {
	/** @param open gets the socket, which speaks WebSocket from then on; not called where the peer has gone */
	accept(handshake: Handshake, open: (socket: MessageSocket) => MessageSocketHandler): void;
}

/** What is wrong with a handshake (RFC 6455, 4.2.1). */
export type HandshakeFault = "version" | "key";

/** Checks the fields of a handshake; host, origin and the upgrade itself were checked before. */
export function findHandshakeFault(rawHeaders: HeaderFields): HandshakeFault | undefined {
	if (fieldOf(rawHeaders, "sec-websocket-version") !== "13") return "version";
	const keys = valuesOf(rawHeaders, "sec-websocket-key");
	return keys.length === 1 && /^[+/0-9A-Za-z]{22}==$/.test(keys[0] as string) ? undefined : "key";
}

/** Most frames of one message. */
const maxFragments = 1_024;
/** Most pieces in which a message arrives: each takes memory of its own, however short it is. */
const maxBufferedChunks = 8_192;

interface Request extends HandshakeRequest {
	readonly extraHeaders: HeaderFields;
}

/**
 * Creates what answers handshakes. `ws` does so, reads, pings and closes; messages are sent past it,
 * because it copies each of them for each socket, and so are pongs, because it cuts off who has sent
 * more than some pings at once. No extension is agreed on: to compress what all
 * share would cost each socket a window and each message a copy.
 */
export function createWebSockets(limits: WebSocketLimits, clock: Clock): WebSockets {
	const server = new WebSocketServer<Request>({
		noServer: true,
		clientTracking: false,
		perMessageDeflate: false,
		autoPong: false,
		maxPayload: limits.maxRequestBytes,
		maxFragments,
		maxBufferedChunks,
		closeTimeout: limits.pingTimeoutMs,
		WebSocket: ExplainingWebSocket,
	});
	const frames = new TextFrames();
	server.on("headers", (lines, { extraHeaders }) => {
		for (let at = 0; at < extraHeaders.length; at += 2) {
			lines.push(`${extraHeaders[at]}: ${extraHeaders[at + 1]}`);
		}
	});
	return {
		accept({ upgraded, rawHeaders, subprotocol, headers: extraHeaders }, open) {
			const headers = {
				upgrade: "websocket",
				"sec-websocket-version": "13",
				"sec-websocket-key": fieldOf(rawHeaders, "sec-websocket-key") ?? "",
				...(subprotocol === undefined ? {} : { "sec-websocket-protocol": subprotocol }),
			};
			const { socket, head } = upgraded;
			server.handleUpgrade({ method: "GET", headers, extraHeaders }, socket, head, (peer) => {
				new OpenSocket(peer, { socket, limits, clock, frames, open });
			});
		},
	};
}

/** A WebSocket that says why it is closed where `ws` itself closes it. */
class ExplainingWebSocket extends WebSocket {
	override close(code?: number, reason?: string | Buffer): void {
		super.close(code, reason ?? (code === undefined ? undefined : closeWords[code]));
	}
}
