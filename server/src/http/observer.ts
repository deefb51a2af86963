/** Reason for which the port ended a connection. */
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
	/** The peer broke the rules of HTTP/2 or one of its limits. */
	| "http2";

/**
 * Receives the events of connections, for metrics and logs. They come as often as peers like: count
 * them, do not log each one. An observer must not throw.
 */
export interface HttpObserver {
	connectionOpened(): void;
	connectionClosed(): void;
	connectionFault(fault: ConnectionFault): void;
	/** A new certificate and key are in use. */
	tlsReloaded(): void;
	/** The files could not be used; the former certificate and key stay in use. */
	tlsReloadFailed(error: unknown): void;
	/** A fault of this service ended one call or connection; the process goes on. */
	unexpected(error: unknown): void;
}
