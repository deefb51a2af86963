import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import { http1Options, serveHttp1 } from "./http1.ts";
import { createHttp2Engine } from "./http2.ts";
import { splitByFirstBytes } from "./protocol-split.ts";
import { createSendQuota } from "./send-quota.ts";
import { createTlsFiles, type TlsFileNames } from "./tls-files.ts";
import { createUpgrades, keepTlsRecords, type UpgradeRequest } from "./upgrade.ts";

/** What a listener is built with. */
export interface ListenerOptions extends Omit<ExchangeOptions, "sendQuota"> {
	readonly host: string;
	/** 0 for any that is free. */
	readonly port: number;
	/** undefined: cleartext. */
	readonly tls: TlsFileNames | undefined;
	/** Receives requests for WebSocket; undefined: their Upgrade field is ignored. */
	readonly onUpgrade?: ((request: UpgradeRequest) => void) | undefined;
}

/** What tells one open connection from all others. */
function peerName({ remoteAddress, remotePort, localAddress }: Socket): string {
	return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** A socket without a listener for its faults would end the process; they show as "close". */
const ignore = (): void => {};

/** One TCP port with both versions of HTTP. */
export interface Listener {
	/** @throws what the system says, as in EADDRINUSE, or what is wrong with the certificate. */
	listen(): Promise<{ readonly host: string; readonly port: number }>;
	/**
	 * Takes no new connection and ends idle ones at once; ends the others with their
	 * last answer, or after `graceMs`. Resolves when no socket is left. Repeating it
	 * waits for the same end; a `listen` that is under way is waited for.
	 */
	close(graceMs: number): Promise<void>;
}

/**
 * Node's HTTP/1 server listens and its own connection listener is put behind the
 * split. A server that gets sockets without listening enforces none of its
 * timeouts. With TLS, the version comes from ALPN (RFC 7301).
 */
export function createListener(
	serve: (exchange: Exchange) => void,
	given: ListenerOptions,
): Listener {
	const options = { ...given, sendQuota: createSendQuota(given.limits) };
	const { limits, clock, observer } = options;
	const sockets = new Set<Socket>();
	/** Nothing has been asked on them yet: no answer is lost with them. */
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
				});
	const http2 = createHttp2Engine(serve, options);
	const h1Options = { ...options, isDraining: () => closing !== undefined };
	const upgrades = createUpgrades((request) => options.onUpgrade?.(request), h1Options);
	serveHttp1(server, serve, { ...h1Options, upgrades });

	const decided = tls === undefined ? "connection" : "secureConnection";
	const acceptHttp1 = server.listeners(decided)[0] as (socket: Socket) => void;
	server.removeAllListeners(decided);
	server.maxConnections = limits.maxConnections;
	server.on("drop", () => observer.connectionFault("too_many_connections"));
	// Before anything else hears of the socket, so that it is counted and never without a listener.
	server.prependListener("connection", admit);
	if (tls === undefined) {
		server.on("connection", (socket: Socket) => {
			if (!socket.destroyed) split(socket);
		});
	} else {
		server.on("secureConnection", (socket: TLSSocket) => {
			const raw = handshakes.get(peerName(socket));
			if (raw !== undefined) undecided.delete(raw);
			// What was under way as the drain began is told by its end, as with the others.
			if (closing !== undefined) socket.destroy();
			else if (socket.alpnProtocol === "h2") http2.accept(socket);
			else takeHttp1(socket);
		});
		// Node's own listener takes it for an HTTP fault, which would be answered in clear text.
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

	/** Node gives another socket when it is over, and none of what lies under it. */
	function awaitHandshake(socket: Socket): void {
		const name = peerName(socket);
		undecided.add(socket);
		handshakes.set(name, socket);
		socket.on("close", () => handshakes.delete(name));
	}

	function takeHttp1(socket: Socket): void {
		// Each pipelined request listens for the end of its connection.
		socket.setMaxListeners(0);
		acceptHttp1.call(server, socket);
		if (tls === undefined) return;
		socket.on("data", keepTlsRecords);
		// Node takes a connection without any request for one with a request under way.
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

/** Counts what each address holds. */
interface AddressCount {
	/** False: the address has its share already. */
	enter(address: string): boolean;
	leave(address: string): void;
}

/** Keeps an entry only for addresses that hold something, so that passers-by cost no memory. */
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
