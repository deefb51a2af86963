import type { Socket } from "node:net";
import { runAfterTick } from "./deferred.ts";
import type { Connection } from "./exchange.ts";
import type { H1ConnectionState, H1Exchange } from "./exchange-h1.ts";

/**
 * The other end of an HTTP/1 connection. What has come whole is answered, in its order, whatever
 * comes after it: the end of the peer's side (RFC 9112, 6.3), or a request that is broken.
 */
export class H1Connection implements H1ConnectionState {
	readonly connection: Connection;
	readonly #socket: Socket;
	readonly #unanswered: Set<H1Exchange> = new Set();
	#hasStopped = false;
	#takesMore = true;
	/** Answer to the request that is broken; empty: cut off in its place. */
	#lastWords: string | undefined;

	constructor(socket: Socket, connection: Connection) {
		this.#socket = socket;
		this.connection = connection;
	}

	/** No request comes any more. */
	get hasStopped(): boolean {
		return this.#hasStopped;
	}

	/** A request that comes now is to be served: it will be answered. */
	get takesMore(): boolean {
		return this.#takesMore && !this.#hasStopped;
	}

	takeNoMore(): void {
		this.#takesMore = false;
	}

	/** Calls whose answers have not ended. */
	get unanswered(): number {
		return this.#unanswered.size;
	}

	/** To be told of each call. */
	begin(exchange: H1Exchange): void {
		this.#unanswered.add(exchange);
	}

	/** To be told that a call's answer is out, or given up. */
	end(exchange: H1Exchange): void {
		if (this.#unanswered.delete(exchange)) this.#settle();
	}

	/**
	 * Takes no request any more.
	 * @param lastWords answer to a request that is broken, whole; sent when all before it have theirs
	 */
	stop(lastWords: string | undefined): void {
		if (this.#hasStopped) return;
		this.#hasStopped = true;
		this.#lastWords = lastWords;
		for (const exchange of this.#unanswered) {
			if (exchange.peerStopped()) {
				// Node may end the connection with this answer: what follows it is written before that.
				exchange.writable.prependOnceListener("finish", () => this.end(exchange));
				continue;
			}
			this.#unanswered.delete(exchange);
			// A second answer must not be written into one that has begun.
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
