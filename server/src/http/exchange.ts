import type { Clock } from "../clock.ts";
import type { Connection } from "./connection.ts";
import type { Disconnect } from "./disconnect.ts";
import { fieldOf, type HeaderFields } from "./fields.ts";
import type { TransportLimits } from "./limits.ts";
import type { HttpObserver } from "./observer.ts";
import type { BodyLimit, CollectedBody } from "./request-body.ts";
import type { SendQuota } from "./send-quota.ts";

/** The first part of an answer. */
export interface ResponseHead {
	readonly status: number;
	readonly headers: HeaderFields;
	/** Trailers follow the body; HTTP/2 only. */
	readonly trailers?: boolean;
	/** Send now, without waiting for the first byte of the body. */
	readonly flush?: boolean;
	/** Neither body nor trailers follow. */
	readonly isAll?: boolean;
}

/** The last part of an answer. */
export interface ResponseEnd {
	/** The rest of the body. */
	readonly body?: Uint8Array | undefined;
	/** HTTP trailers; only where the head announced them. */
	readonly trailers?: HeaderFields | undefined;
}

/**
 * One call on one connection, whichever version of HTTP carries it: the seam
 * between Node's servers and everything above. None of its functions throws on
 * what a peer sent or did, and what callbacks given to it throw breaks off this one call.
 */
export interface Exchange {
	readonly connection: Connection;
	readonly method: string;
	/** Request target as it came; empty where there was none. */
	readonly target: string;
	/** Every Host and :authority as it came. */
	readonly authorities: readonly string[];
	/** Without pseudo headers. */
	readonly rawHeaders: HeaderFields;
	/** That the peer left before the answer was ended, or that the call was broken off. */
	readonly disconnect: Disconnect;
	/**
	 * Calls back when the peer has ended its side of the connection, at once where it has already. A
	 * whole request is answered all the same (RFC 9112, 6.3); but who goes looks like this, too, until
	 * the next write, and a stream may have none for long. For one at a time.
	 */
	onPeerEnd(callback: () => void): void;
	/** The caller waits for 100 (Continue) before it sends its body: it is sent when that is asked for. */
	awaitContinue(): void;
	/** Nobody asks any more for what the request's head said: an answer may last for days. */
	releaseRequestHead(): void;
	/**
	 * The request's whole body; call it once, instead of {@link Exchange.readBody}. Memory grows with
	 * the data that came, not with a length that was promised. `done` is called once, perhaps at once,
	 * but not when the peer leaves.
	 */
	collectBody(limit: BodyLimit, done: (body: CollectedBody) => void): void;
	/**
	 * The request's body; iterate once. Fails with a BodyTimeoutError when the body takes longer
	 * than bodyTimeoutMs, or than `timeoutMs` where that is less, and with a DisconnectError when
	 * the peer disconnects.
	 */
	readBody(timeoutMs: number | undefined): AsyncIterable<Uint8Array>;
	/** False: callers leave so much unread already that an answer of this size is not to be sent. */
	reserve(bodyBytes: number): boolean;
	/**
	 * Sends the head; once, before the first write.
	 * @throws what Node says of a field that cannot be written; nothing is sent then
	 */
	writeHead(head: ResponseHead): void;
	/** Takes a part of the body. False: wait for {@link Exchange.drained} before the next. */
	write(bytes: Uint8Array): boolean;
	/**
	 * Resolves when the peer took what was written, or left, or took nothing for
	 * `stallTimeoutMs` (it is cut off then). undefined: it has all the time it likes.
	 */
	drained(stallTimeoutMs: number | undefined): Promise<void>;
	/**
	 * Ends the answer; a peer that does not take the rest of it within
	 * stalledWriteTimeoutMs is cut off.
	 */
	end(ending?: ResponseEnd): void;
	/**
	 * Breaks the call off, so that the peer cannot take the answer for complete: its
	 * {@link Exchange.disconnect} happens, where it was not ended.
	 */
	abort(): void;
}

/** First value of a header, by lower-case name. */
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
