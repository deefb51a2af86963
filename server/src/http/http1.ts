import type { Server as HttpServer, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Chunks } from "./chunks.ts";
import { type Connection, connectionOf } from "./connection.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import { type H1ConnectionState, H1Exchange } from "./exchange-h1.ts";
import { H1Request } from "./h1-request.ts";
import type { ConnectionFault } from "./observer.ts";
import { runAfterTick } from "./run-after-tick.ts";
import { isWebSocketRequest, type Upgrades } from "./upgrade.ts";

/** Ignores errors of a response: they show as "close". Without a listener they would end the process. */
const ignore = (): void => {};

/** Key of the exchange on its response, so that one listener serves all responses without closures. */
const carried = Symbol("exchange");
type Carrying = ServerResponse & { [carried]?: H1Exchange };

/** Creates Node's options for HTTP/1, its limits among them. */
export function http1Options({ limits }: ExchangeOptions, takesUpgrades: boolean): ServerOptions {
	return {
		IncomingMessage: H1Request,
		shouldUpgradeCallback: takesUpgrades ? isWebSocketRequest : () => false,
		// This service answers it itself, in the caller's protocol.
		requireHostHeader: false,
		maxHeaderSize: limits.maxHeaderBytes,
		headersTimeout: limits.headersTimeoutMs,
		// The timeout of an exchange comes first and answers in the caller's protocol; this is the net.
		requestTimeout: limits.headersTimeoutMs + limits.bodyTimeoutMs,
		connectionsCheckingInterval: Math.max(50, Math.floor(limits.headersTimeoutMs / 10)),
		keepAliveTimeout: limits.idleTimeoutMs,
		keepAlive: true,
		keepAliveInitialDelay: limits.keepAliveIntervalMs,
		noDelay: true,
	};
}

/** What serves HTTP/1. */
interface Http1Options extends ExchangeOptions {
	readonly isDraining: () => boolean;
	readonly chunks: Chunks;
	readonly upgrades: Upgrades;
	/** Default: no body. */
	readonly answerUnreadable?: UnreadableAnswer | undefined;
}

/**
 * Says in a body why a request that could not be read was refused, by the HTTP status; undefined:
 * there is nothing to say.
 */
export type UnreadableAnswer = (
	httpStatus: number,
) => { readonly contentType: string; readonly body: string } | undefined;

/** Turns the requests of a server into exchanges, and its errors into responses and counts. */
export function serveHttp1(
	server: HttpServer,
	serve: (exchange: Exchange) => void,
	options: Http1Options,
): void {
	const bareAnswer = (status: string) => createBareAnswer(status, options.answerUnreadable);
	// One more than allowed shows that there were more; Node drops the rest silently.
	server.maxHeadersCount = options.limits.maxHeaderCount + 1;
	// Else Node ends its own side with the peer's, and open requests are never answered.
	Object.assign(server, { httpAllowHalfOpen: true });
	const peers = new WeakMap<Socket, H1Connection>();
	function peerOf(socket: Socket): H1Connection {
		const known = peers.get(socket);
		if (known !== undefined) return known;
		const peer = new H1Connection(socket, connectionOf(socket, "1.1"));
		peers.set(socket, peer);
		socket.on("end", () => peer.stop(undefined));
		return peer;
	}
	/** Bounds pipelining: Node begins all requests that a connection has sent. */
	function isAdmitted({ socket }: H1Request, peer: H1Connection): boolean {
		if (socket.destroyed) return false;
		if (peer.unanswered < options.limits.maxPipelinedRequests) return true;
		options.observer.connectionFault("too_many_requests");
		// Those before may have been stored: they are answered. What is still unread stays so.
		peer.stop(bareAnswer("429 Too Many Requests"));
		socket.pause();
		return false;
	}
	function onClose(this: Carrying): void {
		const exchange = this[carried];
		if (exchange === undefined) return;
		const { socket } = this.req;
		const peer = peerOf(socket);
		try {
			exchange.closed();
		} catch (error) {
			exchange.fail(error);
		}
		peer.end(exchange);
		// A head that was sent before the drain began did not say that it was the last.
		if (peer.unanswered === 0 && options.isDraining()) socket.destroySoon();
	}
	function onRequest(request: H1Request, response: Carrying): void {
		response.on("error", ignore);
		const peer = peerOf(request.socket);
		// Node's parser continues behind the last response, and behind a request that came too slowly.
		if (!peer.takesMore) return;
		// Node's parser takes HTTP/0.9 and HTTP/2.0 in this form, too (RFC 9110, 15.6.6).
		if (request.httpVersion !== "1.1" && request.httpVersion !== "1.0") {
			peer.stop(bareAnswer("505 HTTP Version Not Supported"));
			return;
		}
		if (!isAdmitted(request, peer)) return;
		const exchange = new H1Exchange({ request, response }, peer, options);
		response[carried] = exchange;
		peer.begin(exchange);
		response.on("close", onClose);
		serve(exchange);
	}
	server.on("request", onRequest);
	// Node would send 100 before the request is judged, and a 417 of its own.
	server.on("checkContinue", onRequest).on("checkExpectation", onRequest);
	// Node would end the connection, and with it the responses to requests before this one.
	server.on("connect", ({ socket }) => {
		peerOf(socket).stop(bareAnswer("501 Not Implemented"));
	});
	server.on("upgrade", (request: H1Request, socket: Socket, head: Buffer) => {
		const peer = peerOf(socket);
		if (!peer.takesMore) return;
		// Responses of requests before it would be written into the new protocol.
		if (peer.unanswered > 0) peer.stop(bareAnswer("400 Bad Request"));
		else if (options.isDraining()) peer.stop(bareAnswer("503 Service Unavailable"));
		else options.upgrades.offer(request, head, peer);
	});
	server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
		const [fault, status] = faultOf(error.code);
		const peer = peerOf(socket);
		// Node emits it again for each further part of the input.
		if (fault !== undefined && peer.hasStopped) return;
		if (fault !== undefined) options.observer.connectionFault(fault);
		if (fault === undefined || !socket.writable) return void socket.destroy();
		// Behind a last request there may be anything (RFC 9112, 9.6).
		const isBehindLast = error.code === "HPE_CLOSED_CONNECTION" || !peer.takesMore;
		peer.stop(isBehindLast ? undefined : bareAnswer(status));
	});
}

/** Builds a whole response to a request of which too little is known. */
function createBareAnswer(status: string, answer: UnreadableAnswer | undefined): string {
	const { contentType, body } = answer?.(Number.parseInt(status, 10)) ?? {
		contentType: "",
		body: "",
	};
	const fields = [
		...["Cache-Control: no-store", "Connection: close", "X-Content-Type-Options: nosniff"],
		...(body === "" ? [] : [`Content-Type: ${contentType}`]),
		`Content-Length: ${Buffer.byteLength(body)}`,
	];
	return `HTTP/1.1 ${status}\r\n${fields.join("\r\n")}\r\n\r\n${body}`;
}

/** Maps the error code of Node's parser to a fault and a status. */
function faultOf(code: string | undefined): [ConnectionFault | undefined, status: string] {
	switch (code) {
		case "ERR_HTTP_REQUEST_TIMEOUT":
			return ["headers_timeout", "408 Request Timeout"];
		case "HPE_HEADER_OVERFLOW":
			return ["headers_too_large", "431 Request Header Fields Too Large"];
		case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
			return ["malformed", "413 Content Too Large"];
		case "ECONNRESET":
		case "EPIPE":
			return [undefined, "400 Bad Request"];
		default:
			return ["malformed", "400 Bad Request"];
	}
}

/**
 * State of an HTTP/1 connection. Whole requests are answered in their order, whatever comes after
 * them: the end of the peer's side (RFC 9112, 6.3), or a request that is malformed.
 */
export class H1Connection implements H1ConnectionState {
	readonly connection: Connection;
	readonly #socket: Socket;
	#connectionOf10: Connection | undefined;
	readonly #unanswered: Set<H1Exchange> = new Set();
	#hasStopped = false;
	#takesMore = true;
	/** Response to a malformed request; empty: the connection is cut off instead. */
	#lastWords: string | undefined;

	constructor(socket: Socket, connection: Connection) {
		this.#socket = socket;
		this.connection = connection;
	}

	connectionAs(httpVersion: string): Connection {
		if (httpVersion !== "1.0") return this.connection;
		this.#connectionOf10 ??= { ...this.connection, httpVersion };
		return this.#connectionOf10;
	}

	/** The peer sends no more requests. */
	get hasStopped(): boolean {
		return this.#hasStopped;
	}

	/** Checks whether a request that arrives now is served. */
	get takesMore(): boolean {
		return this.#takesMore && !this.#hasStopped;
	}

	takeNoMore(): void {
		this.#takesMore = false;
	}

	/** Number of calls whose responses have not ended. */
	get unanswered(): number {
		return this.#unanswered.size;
	}

	/** Registers a call. */
	begin(exchange: H1Exchange): void {
		this.#unanswered.add(exchange);
	}

	/** Removes a call whose response is out, or given up. */
	end(exchange: H1Exchange): void {
		if (this.#unanswered.delete(exchange)) this.#settle();
	}

	/**
	 * Stops taking requests.
	 * @param lastWords whole response to a malformed request; sent after all responses before it
	 */
	stop(lastWords: string | undefined): void {
		if (this.#hasStopped) return;
		this.#hasStopped = true;
		this.#lastWords = lastWords;
		for (const exchange of this.#unanswered) {
			if (exchange.peerStopped()) {
				// Node may end the connection with this response: what follows must be written before that.
				exchange.writable.prependOnceListener("finish", () => this.end(exchange));
				continue;
			}
			this.#unanswered.delete(exchange);
			// A second response must not be written into one that has begun.
			if (exchange.writable.headersSent) this.#lastWords = "";
		}
		this.#settle();
	}

	#settle(): void {
		const words = this.#lastWords;
		if (words === undefined || this.#unanswered.size > 0) return;
		this.#lastWords = undefined;
		const socket = this.#socket;
		const cutOff = () => socket.destroy();
		if (!socket.writable || words === "") runAfterTick(cutOff);
		else socket.end(words, cutOff);
	}
}
