import { constants, createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Timer } from "../clock.ts";
import { afterTurn } from "./after-turn.ts";
import type { Exchange } from "./exchange.ts";
import { type CarryingStream, carried, H2Exchange } from "./exchange-h2.ts";
import { connectionOf } from "./http1.ts";
import type { ListenerOptions } from "./listener.ts";
import type { ConnectionFault } from "./observer.ts";
import { limitPings } from "./ping-limit.ts";

/** A fault of a stream shows as "close"; without a listener it would end the process. */
const ignore = (): void => {};

function onAborted(this: CarryingStream): void {
	this[carried]?.closed();
}

/** HTTP/2 on sockets that others accept. */
export interface Http2Engine {
	/** Takes a connection over, cleartext or TLS. */
	accept(socket: Socket): void;
	/** GOAWAY to all: streams that are open go on, new ones are refused. */
	drain(): void;
}

/** An engine that never listens itself: its sessions keep their own time. */
export function createHttp2Engine(
	serve: (exchange: Exchange) => void,
	options: ListenerOptions,
): Http2Engine {
	const sessions = new Set<ServerHttp2Session>();
	const server = createHttp2Server(options);
	server.on("session", (session) => {
		sessions.add(session);
		session.on("close", () => sessions.delete(session));
		// A peer that leaves without a word is no fault.
		session.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code !== "ECONNRESET") options.observer.connectionFault("http2");
		});
		const time = keepTime(session, options);
		limitPings(session, options);
		const connection = connectionOf(session.socket as never, "2.0");
		function onClose(this: CarryingStream): void {
			onAborted.call(this);
			time.streamClosed();
		}
		session.on("stream", (stream: CarryingStream, _headers, _flags, raw) => {
			const call = { stream, raw: raw as unknown as string[] };
			const exchange = new H2Exchange(call, connection, options);
			time.streamOpened();
			stream.on("error", ignore);
			// It comes at once; "close" may wait for a body that nobody reads.
			stream.on("aborted", onAborted);
			stream.on("close", onClose);
			// A read may hold hundreds of streams with their resets; after it, the reset ones are known.
			afterTurn(serveOpen, exchange);
		});
	});
	server.on("sessionError", () => {});

	function serveOpen(exchange: H2Exchange): void {
		if (!exchange.isClosed) serve(exchange);
	}

	return {
		accept(socket) {
			// HTTP/2 knows no half-open connections, and with one the peer's end would go unseen.
			socket.once("end", () => socket.destroy());
			server.emit("connection", socket);
		},
		drain() {
			for (const session of sessions) session.close();
		},
	};
}

function createHttp2Server({ limits }: ListenerOptions): Http2Server {
	return createServer({
		maxSessionMemory: limits.maxSessionMemoryMib,
		maxHeaderListPairs: limits.maxHeaderCount + 8,
		maxOutstandingPings: 2,
		maxSettings: 32,
		maxSessionInvalidFrames: 100,
		maxSessionRejectedStreams: 100,
		streamResetBurst: limits.streamResetBurst,
		streamResetRate: limits.streamResetPerSecond,
		settings: {
			enablePush: false,
			maxConcurrentStreams: limits.maxConcurrentStreams,
			maxHeaderListSize: limits.maxHeaderBytes,
		},
	});
}

/** Ends sessions that say nothing, have nothing to do, or whose peer is gone without a word. */
function keepTime(session: ServerHttp2Session, options: ListenerOptions): SessionTime {
	const { clock, limits, observer } = options;
	let openStreams = 0;
	let idle: Timer | undefined = clock.setTimer(limits.headersTimeoutMs, () =>
		end("headers_timeout"),
	);
	let ping = clock.setTimer(limits.keepAliveIntervalMs, sendPing);

	function end(fault: ConnectionFault): void {
		observer.connectionFault(fault);
		session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
	}
	function startIdle(): void {
		idle?.cancel();
		idle = clock.setTimer(limits.idleTimeoutMs, () => end("idle_timeout"));
	}
	function sendPing(): void {
		if (session.destroyed) return;
		ping = clock.setTimer(limits.pingTimeoutMs, () => end("ping_timeout"));
		session.ping((error) => {
			ping.cancel();
			if (error === null) ping = clock.setTimer(limits.keepAliveIntervalMs, sendPing);
		});
	}

	session.once("remoteSettings", () => {
		if (openStreams === 0) startIdle();
	});
	session.once("close", () => {
		idle?.cancel();
		ping.cancel();
	});
	return {
		streamOpened() {
			openStreams++;
			idle?.cancel();
		},
		streamClosed() {
			openStreams--;
			if (openStreams === 0 && !session.destroyed) startIdle();
		},
	};
}

/** Keeps count of a session's streams. */
interface SessionTime {
	streamOpened(): void;
	streamClosed(): void;
}
