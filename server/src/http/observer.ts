import type { RequestSummary } from "./request-summary.ts";

/** Why a request was refused before any interceptor saw it. */
export type RefusalCause =
	| "authority"
	| "origin"
	| "target"
	| "headers"
	| "http_version"
	| "unknown_path"
	| "method"
	| "content_type"
	/** One of connect's own handlers refused it: envelope, encoding, size, undecodable body. */
	| "protocol"
	/** Too much of earlier answers lies unread. */
	| "unread";

/** Why a connection ended other than by its peer's wish. */
export type ConnectionFault =
	| "too_many_connections"
	| "too_many_requests"
	| "first_byte_timeout"
	| "headers_timeout"
	| "idle_timeout"
	| "ping_timeout"
	| "too_many_pings"
	| "tls_handshake"
	| "malformed"
	| "headers_too_large"
	/** The peer broke HTTP/2's rules or one of its limits. */
	| "http2";

/** A request that was refused before any interceptor saw it. */
export interface RefusedCall extends RequestSummary {
	readonly cause: RefusalCause;
	/** HTTP status of the answer. */
	readonly httpStatus: number;
	/** Path of a known procedure, or "". */
	readonly procedure: string;
	readonly requestId: string;
}

/** How a call of a known procedure ended. */
export interface CallOutcome {
	readonly requestId: string;
	/** The whole answer was handed to the connection. */
	readonly complete: boolean;
	/** Bytes of the answer's body that were handed to it. */
	readonly sentBytes: number;
}

/**
 * What the port tells of itself, for counters and logs. Connection events come
 * as often as peers like: they are to be counted, not logged one by one. An
 * observer must not throw.
 */
export interface TransportObserver {
	connectionOpened(): void;
	connectionClosed(): void;
	connectionFault(fault: ConnectionFault): void;
	callEnded(outcome: CallOutcome): void;
	callRefused(refused: RefusedCall): void;
	/** A message of a shared type was encoded; the next readers in this form get the same bytes. */
	encoded(typeName: string, form: "binary" | "json"): void;
	/** New certificate and key are in use. */
	tlsReloaded(): void;
	/** The files could not be used; the ones before stay in use. */
	tlsReloadFailed(error: unknown): void;
	/** A fault of ours that ended one call or connection, never the process. */
	unexpected(error: unknown): void;
}

/** Observes nothing. */
export const silentObserver: TransportObserver = {
	connectionOpened() {},
	connectionClosed() {},
	connectionFault() {},
	callEnded() {},
	callRefused() {},
	encoded() {},
	tlsReloaded() {},
	tlsReloadFailed() {},
	unexpected() {},
};
