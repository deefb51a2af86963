import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { Chunks } from "./chunks.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import { http1Options, serveHttp1, type UnreadableAnswer } from "./http1.ts";
import { createHttp2Engine } from "./http2.ts";
import { splitByFirstBytes } from "./protocol-split.ts";
import { createSendQuota } from "./send-quota.ts";
import { createTlsFiles, type TlsFileNames } from "./tls-files.ts";
import { createUpgrades, keepTlsRecords, type UpgradeRequest } from "./upgrade.ts";

/** Options of a listener. */
export interface ListenerOptions extends Omit<ExchangeOptions, "sendQuota"> {
	readonly host: string;
	/** 0 for any free port. */
	readonly port: number;
	/** undefined: cleartext. */
	readonly tls: TlsFileNames | undefined;
	/** Receives requests for WebSocket; undefined: their Upgrade field is ignored. */
	readonly onUpgrade?: ((request: UpgradeRequest) => void) | undefined;
	/** Writes the bodies of refusals to HTTP/1 requests that could not be read. Default: none. */
	readonly answerUnreadable?: UnreadableAnswer | undefined;
}

/** Returns a name that no other open connection has. */
function peerName({ remoteAddress, remotePort, localAddress }: Socket): string {
	return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Ignores errors of a socket: they show as "close". Without a listener they would end the process. */
const ignore = (): void => {};

/** A TCP port that speaks HTTP/1.1 and HTTP/2. */
export interface Listener {
	/** @throws the system's error, as in EADDRINUSE, a TlsFileError, or an Error where it was closed before */
	listen(): Promise<{ readonly host: string; readonly port: number }>;
	/**
	 * Refuses new connections, ends idle ones immediately and the others with their last response,
	 * or after `graceMs`. Resolves when no socket is left. A second call waits for the same end; a
	 * `listen` that is under way is waited for.
	 */
	close(graceMs: number): Promise<void>;
}

/**
 * Creates a listener. Node's HTTP/1 server listens, and its own connection listener is put behind
 * the split: a server that gets sockets without listening enforces none of its timeouts. With TLS,
 * the version comes from ALPN (RFC 7301).
 */
export function createListener(
	serve: (exchange: Exchange) => void,
	given: ListenerOptions,
): Listener {
	const options = { ...given, sendQuota: createSendQuota(given.limits) };
	const { limits, clock, observer } = options;
	const sockets = new Set<Socket>();
	/** Sockets without a request so far: no response is lost with them. */
	const undecided = new Set<Socket>();
	const handshakes = new Map<string, Socket>();
	const perAddress = createAddressCount(limits.maxConnectionsPerAddress);
	let listening: Promise<{ readonly host: string; readonly port: number }> | undefined;
	let closing: Promise<void> | undefined;
	const takesUpgrades = options.onUpgrade !== undefined;
	const tls = options.tls === undefined ? undefined : createTlsFiles(options.tls, options);
	const server: HttpServer | HttpsServer =
		tls === undefined
			? createHttpServer(http1Options(options, takesUpgrades))
			: createHttpsServer({
					...http1Options(options, takesUpgrades),
					// As in cleartext, where Node's HTTP server asks for it itself.
					allowHalfOpen: true,
					ALPNProtocols: ["h2", "http/1.1"],
					handshakeTimeout: limits.handshakeTimeoutMs,
					minVersion: "TLSv1.2",
					// A call without a valid one gets an answer in its protocol, not a broken handshake.
					requestCert: options.tls?.clientCaFile !== undefined,
					rejectUnauthorized: false,
				});
	const http2 = createHttp2Engine(serve, options);
	const chunks = new Chunks();
	const h1Options = { ...options, isDraining: () => closing !== undefined, chunks };
	const upgrades = createUpgrades((request) => options.onUpgrade?.(request), h1Options);
	serveHttp1(server, serve, { ...h1Options, upgrades });

	const decided = tls === undefined ? "connection" : "secureConnection";
	const acceptHttp1 = server.listeners(decided)[0] as (socket: Socket) => void;
	server.removeAllListeners(decided);
	server.maxConnections = limits.maxConnections;
	server.on("drop", () => observer.connectionFault("too_many_connections"));
	// Runs before all other listeners, so that the socket is counted and always has an error listener.
	server.prependListener("connection", admit);
	if (tls === undefined) {
		server.on("connection", (socket: Socket) => {
			if (!socket.destroyed) split(socket);
		});
	} else {
		server.on("secureConnection", (socket: TLSSocket) => {
			const raw = handshakes.get(peerName(socket));
			if (raw !== undefined) undecided.delete(raw);
			// Handshakes that were under way as the drain began end like idle connections.
			if (closing !== undefined) socket.destroy();
			else if (socket.alpnProtocol === "h2") http2.accept(socket);
			else takeHttp1(socket);
		});
		// Node's own listener would answer it as an HTTP error, in clear text.
		server.removeAllListeners("tlsClientError");
		server.on("tlsClientError", (_error, socket) => {
			if (closing === undefined) observer.connectionFault("tls_handshake");
			socket.destroy();
		});
	}

	function admit(socket: Socket): void {
		socket.on("error", ignore);
		sockets.add(socket);
		observer.connectionOpened();
		const address = socket.remoteAddress ?? "";
		const isAdmitted = perAddress.enter(address);
		socket.on("close", () => {
			sockets.delete(socket);
			undecided.delete(socket);
			if (isAdmitted) perAddress.leave(address);
			observer.connectionClosed();
		});
		if (isAdmitted && closing === undefined) {
			if (tls !== undefined) awaitHandshake(socket);
			return;
		}
		if (isAdmitted) return void socket.destroy();
		observer.connectionFault("too_many_connections");
		socket.destroy();
	}

	/** Remembers the raw socket: Node passes another one after the handshake, without the one below it. */
	function awaitHandshake(socket: Socket): void {
		const name = peerName(socket);
		undecided.add(socket);
		handshakes.set(name, socket);
		socket.on("close", () => handshakes.delete(name));
	}

	function takeHttp1(socket: Socket): void {
		// Each pipelined request adds a listener for the end of its connection.
		socket.setMaxListeners(0);
		acceptHttp1.call(server, socket);
		if (tls === undefined) return;
		socket.on("data", keepTlsRecords);
		// Node treats a connection without any request as one with a request under way.
		undecided.add(socket);
		const decide = () => undecided.delete(socket);
		socket.once("data", decide).once("close", decide);
	}

	function split(socket: Socket): void {
		undecided.add(socket);
		splitByFirstBytes(socket, {
			clock,
			timeoutMs: limits.firstByteTimeoutMs,
			onHttp1: (ready) => {
				undecided.delete(ready);
				takeHttp1(ready);
			},
			onHttp2: (ready) => {
				undecided.delete(ready);
				http2.accept(ready);
			},
			onTimeout: () => observer.connectionFault("first_byte_timeout"),
		});
	}

	async function open(): Promise<{ readonly host: string; readonly port: number }> {
		if (tls !== undefined) await tls.start(server as HttpsServer);
		try {
			// A close has passed already, and would not come again.
			if (closing !== undefined) throw new Error("the listener is closed");
			await new Promise<void>((resolve, reject) => {
				server.once("error", reject);
				server.listen({ host: options.host, port: options.port }, () => {
					server.off("error", reject);
					resolve();
				});
			});
		} catch (error) {
			tls?.stop();
			throw error;
		}
		server.on("error", (error) => observer.unexpected(error));
		const { address, port } = server.address() as AddressInfo;
		return { host: address, port };
	}

	async function shutDown(graceMs: number): Promise<void> {
		await listening?.catch(() => {});
		if (!server.listening) return;
		tls?.stop();
		const closed = new Promise<void>((resolve) => server.close(() => resolve()));
		for (const socket of undecided) socket.destroy();
		http2.drain();
		upgrades.drain();
		const timer = clock.setTimer(graceMs, () => {
			for (const socket of sockets) socket.destroy();
		});
		await closed;
		// Under TLS the server says "closed" before its last socket does.
		await Promise.all(Array.from(sockets, (socket) => once(socket, "close")));
		timer.cancel();
	}

	return {
		listen() {
			listening = open();
			return listening;
		},
		close(graceMs) {
			closing ??= shutDown(graceMs);
			return closing;
		},
	};
}

/** Counts connections by address. */
interface AddressCount {
	/** Counts one more. False: the address has reached its limit. */
	enter(address: string): boolean;
	leave(address: string): void;
}

/** Creates a count that keeps entries only for addresses with open connections. */
function createAddressCount(max: number): AddressCount {
	const counts = new Map<string, number>();
	return {
		enter(address) {
			const count = counts.get(address) ?? 0;
			if (count >= max) return false;
			counts.set(address, count + 1);
			return true;
		},
		leave(address) {
			const count = (counts.get(address) ?? 0) - 1;
			if (count > 0) counts.set(address, count);
			else counts.delete(address);
		},
	};
}
