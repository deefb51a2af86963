import type { Clock } from "../clock.ts";
import type { Connection } from "./connection.ts";
import type { Disconnect } from "./disconnect.ts";
import { fieldOf, type HeaderFields } from "./fields.ts";
import type { TransportLimits } from "./limits.ts";
import type { HttpObserver } from "./observer.ts";
import type { BodyLimit, CollectedBody } from "./request-body.ts";
import type { SendQuota } from "./send-quota.ts";

/** Status and header fields of a response. */
export interface ResponseHead {
	readonly status: number;
	readonly headers: HeaderFields;
	/** Announces trailers after the body; HTTP/2 only. */
	readonly trailers?: boolean;
	/** Sends the head now, without waiting for the first byte of the body. */
	readonly flush?: boolean;
	/** Tells that neither body nor trailers follow. */
	readonly isAll?: boolean;
}

/** End of a response. */
export interface ResponseEnd {
	/** Last part of the body. */
	readonly body?: Uint8Array | undefined;
	/** HTTP trailers; only where the head announced them. */
	readonly trailers?: HeaderFields | undefined;
}

/**
 * One request and its response, whichever version of HTTP carries them: the seam between Node's
 * servers and everything above. None of its functions throws on what a peer sent or did. What a
 * callback throws breaks off this one call.
 */
export interface Exchange {
	readonly connection: Connection;
	readonly method: string;
	/** Request target as received; empty where there is none. */
	readonly target: string;
	/** Values of Host and :authority as received, all of them. */
	readonly authorities: readonly string[];
	/** Header fields, names in lower case, without pseudo headers. */
	readonly rawHeaders: HeaderFields;
	/** A body may follow that the head does not announce, and that may be empty: HTTP/2 leaves it open. */
	readonly mayHaveBodyUnannounced: boolean;
	/** Occurs when the peer leaves before the response has ended, or the call is broken off. */
	readonly disconnect: Disconnect;
	/**
	 * Calls back when the peer has ended its side of the connection, at once where it has already. A
	 * whole request is answered all the same (RFC 9112, 6.3). A peer that has gone looks the same
	 * until the next write, and a stream may have none for long. Keeps one callback.
	 */
	onPeerEnd(callback: () => void): void;
	/** Sends 100 (Continue) when the body is first read: the caller waits for it. */
	awaitContinue(): void;
	/** Releases the request headers; a stream can outlive them by days. */
	releaseRequestHead(): void;
	/**
	 * Collects the whole request body. Call it once, instead of {@link Exchange.readBody}. Memory grows
	 * with the data received, not with a length that was announced. `done` is called once, possibly
	 * before this returns, but never when the peer leaves.
	 */
	collectBody(limit: BodyLimit, done: (body: CollectedBody) => void): void;
	/**
	 * Iterates over the request body, once. Fails with a BodyTimeoutError when the body takes longer
	 * than bodyTimeoutMs, or than `timeoutMs` where that is less, and with a DisconnectError when
	 * the peer disconnects.
	 */
	readBody(timeoutMs: number | undefined): AsyncIterable<Uint8Array>;
	/**
	 * Reserves memory for a response body. False: callers leave too much unread, do not send it.
	 * @param caller whose answers are counted together, on whatever connection
	 */
	reserve(bodyBytes: number, caller?: string): boolean;
	/**
	 * Sends the head. Call it once, before the first write.
	 * @throws Node's error for a field that cannot be written; nothing is sent then
	 */
	writeHead(head: ResponseHead): void;
	/** Writes a part of the body. False: wait for {@link Exchange.drained} before the next. */
	write(bytes: Uint8Array): boolean;
	/**
	 * Resolves when the peer has taken what was written, or has left, or has taken nothing for
	 * `stallTimeoutMs` (it is cut off then). undefined: it may take as long as it likes.
	 */
	drained(stallTimeoutMs: number | undefined): Promise<void>;
	/**
	 * Ends the response. A peer that does not take the rest of it within stalledWriteTimeoutMs is cut
	 * off.
	 */
	end(ending?: ResponseEnd): void;
	/**
	 * Breaks the call off, so that the peer cannot take the response for complete. Triggers
	 * {@link Exchange.disconnect} if the response has not ended.
	 */
	abort(): void;
}

/** Returns the first value of a request header, by lower-case name. */
export function headerOf(exchange: Exchange, name: string): string | undefined {
	return fieldOf(exchange.rawHeaders, name);
}

/** What the exchanges of a listener share. */
export interface ExchangeOptions {
	readonly limits: TransportLimits;
	readonly clock: Clock;
	readonly sendQuota: SendQuota;
	readonly observer: HttpObserver;
}
