import { constants, createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Timer } from "../clock.ts";
import { connectionOf } from "./connection.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import { type CarryingStream, carried, H2Exchange } from "./exchange-h2.ts";
import type { ConnectionFault } from "./observer.ts";
import { runAfterTick } from "./run-after-tick.ts";

/** Ignores errors of a stream: they show as "close". Without a listener they would end the process. */
const ignore = (): void => {};

function onAborted(this: CarryingStream): void {
	const exchange = this[carried];
	try {
		exchange?.closed();
	} catch (error) {
		exchange?.fail(error);
	}
}

/** HTTP/2 on sockets that the listener accepts. */
export interface Http2Engine {
	/** Serves a connection, cleartext or TLS. */
	accept(socket: Socket): void;
	/** Sends GOAWAY to all peers: open streams continue, new ones are refused. */
	drain(): void;
}

/** Creates an engine that does not listen itself; its sessions keep their own timers. */
export function createHttp2Engine(
	serve: (exchange: Exchange) => void,
	options: ExchangeOptions,
): Http2Engine {
	const sessions = new Set<ServerHttp2Session>();
	const server = createHttp2Server(options);
	server.on("session", (session) => {
		sessions.add(session);
		session.on("close", () => sessions.delete(session));
		// A peer that resets its connection is no fault.
		session.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code !== "ECONNRESET") options.observer.connectionFault("http2");
		});
		const time = keepTime(session, options);
		limitPings(session, options);
		const connection = connectionOf(session.socket as never, "2.0");
		const exchanges = new Set<H2Exchange>();
		function onClose(this: CarryingStream): void {
			onAborted.call(this);
			exchanges.delete(this[carried] as H2Exchange);
			if (exchanges.size === 0) time.startIdle();
		}
		session.socket.once("end", () => {
			// The peer answers no PING any more.
			time.stopPings();
			for (const exchange of exchanges) exchange.peerStopped();
			session.close();
		});
		session.on("stream", (stream: CarryingStream, _headers, _flags, raw) => {
			const call = { stream, raw: raw as unknown as string[] };
			const exchange = new H2Exchange(call, connection, options);
			exchanges.add(exchange);
			time.stopIdle();
			stream.on("error", ignore);
			// It comes immediately; "close" may wait for a body that nobody reads.
			stream.on("aborted", onAborted);
			stream.on("close", onClose);
			// One read may hold hundreds of streams and their resets; after it, the reset ones are known.
			runAfterTick(serveOpen, exchange);
		});
	});
	server.on("sessionError", () => {});

	function serveOpen(exchange: H2Exchange): void {
		if (!exchange.isClosed) serve(exchange);
	}

	return {
		accept(socket) {
			server.emit("connection", socket);
		},
		drain() {
			for (const session of sessions) session.close();
		},
	};
}

function createHttp2Server({ limits }: ExchangeOptions): Http2Server {
	return createServer({
		maxSessionMemory: limits.maxSessionMemoryMib,
		// Beyond this Node resets the stream; up to here the caller is told the limit.
		maxHeaderListPairs: Math.ceil(1.5 * limits.maxHeaderCount) + 8,
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

/** Ends sessions that are silent or idle, or whose peer answers no PING. */
function keepTime(session: ServerHttp2Session, options: ExchangeOptions): SessionTime {
	const { clock, limits, observer } = options;
	let isIdle = true;
	let isPinged = true;
	let idle: Timer | undefined = clock.setTimer(limits.headersTimeoutMs, () =>
		end("headers_timeout"),
	);
	let ping = clock.setTimer(limits.keepAliveIntervalMs, sendPing);

	function end(fault: ConnectionFault): void {
		observer.connectionFault(fault);
		session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
	}
	function startIdle(): void {
		isIdle = true;
		idle?.cancel();
		if (!session.destroyed) idle = clock.setTimer(limits.idleTimeoutMs, () => end("idle_timeout"));
	}
	function sendPing(): void {
		if (session.destroyed) return;
		ping = clock.setTimer(limits.pingTimeoutMs, () => end("ping_timeout"));
		session.ping((error) => {
			ping.cancel();
			if (error === null && isPinged) ping = clock.setTimer(limits.keepAliveIntervalMs, sendPing);
		});
	}

	session.once("remoteSettings", () => {
		if (isIdle) startIdle();
	});
	session.once("close", () => {
		idle?.cancel();
		ping.cancel();
	});
	return {
		startIdle,
		stopIdle() {
			isIdle = false;
			idle?.cancel();
		},
		stopPings() {
			ping.cancel();
			isPinged = false;
		},
	};
}

/** Timers of a session. */
interface SessionTime {
	/** Starts the idle timer: the session has no streams. */
	startIdle(): void;
	/** Stops the idle timer: the session has a stream. */
	stopIdle(): void;
	stopPings(): void;
}

/** Size of the PING frame that answers a PING, in bytes (RFC 9113, 6.7). */
const pingFrameBytes = 17;

/**
 * Ends a session whose peer sends needless PINGs: each one costs an answer. A PING that comes too
 * soon is a strike, unless the session has written other data since the last one: gRPC clients
 * measure the bandwidth of what they read by a PING. Source: gRPC A8 and its guide on keepalive.
 */
function limitPings(session: ServerHttp2Session, options: ExchangeOptions): void {
	const { clock, limits, observer } = options;
	const { socket } = session;
	let strikes = 0;
	let lastMs = Number.NEGATIVE_INFINITY;
	let lastBytes = 0;
	session.on("ping", () => {
		const nowMs = clock.monotonicMs();
		const bytes = socket.bytesWritten;
		if (bytes - lastBytes > pingFrameBytes) strikes = 0;
		else if (nowMs - lastMs < limits.minPingIntervalMs) strikes++;
		lastMs = nowMs;
		lastBytes = bytes;
		if (strikes <= limits.maxPingStrikes) return;
		observer.connectionFault("too_many_pings");
		// Without an error, destroy() would say NO_ERROR; with one, it would be counted again.
		session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
		session.destroy();
	});
}
