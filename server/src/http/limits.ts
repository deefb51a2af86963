import { maxTimerDelayMs } from "../clock.ts";

/** Limits of one port. Checked by {@link validateLimits}. */
export interface TransportLimits {
	/** Largest request message as it comes over the wire, in bytes. Default: 2 MiB. */
	readonly maxRequestBytes: number;
	/** Largest request message after decompression, in bytes. Default: 2 MiB. */
	readonly maxDecompressedBytes: number;
	/** Largest header section of a request, in bytes; more is 431. Default: 16 KiB. */
	readonly maxHeaderBytes: number;
	/** Most header fields in a request; more is 431. Default: 100. */
	readonly maxHeaderCount: number;
	/** Most open connections; further ones are closed at once. Default: 10,000. */
	readonly maxConnections: number;
	/** Most open connections of one address. Default: 5,000; a proxy is one address. */
	readonly maxConnectionsPerAddress: number;
	/** Most unanswered requests on an HTTP/1.1 connection; with one more it ends. Default: 32. */
	readonly maxPipelinedRequests: number;
	/** Most open streams on an HTTP/2 connection, and subscriptions on a WebSocket. Default: 250. */
	readonly maxConcurrentStreams: number;
	/** Memory of one HTTP/2 connection, queued data included, in MiB. Default: 32. */
	readonly maxSessionMemoryMib: number;
	/** Streams that a peer may reset at once (CVE-2023-44487). Default: 100. */
	readonly streamResetBurst: number;
	/** Resets earned back per second. Default: 10. */
	readonly streamResetPerSecond: number;
	/**
	 * HTTP/2 PINGs that may come sooner than minPingIntervalMs after another, while the connection
	 * has nothing else to say; with one more it ends with GOAWAY. Default: 10.
	 */
	readonly maxPingStrikes: number;
	/** A PING after this is never too soon, in ms. Default: 10 s, what gRPC clients ask for at most. */
	readonly minPingIntervalMs: number;
	/**
	 * Bytes of unary answers that lie unread, on all connections; further large answers become
	 * RESOURCE_EXHAUSTED. Default: 256 MiB.
	 */
	readonly maxUnreadBytes: number;
	/** The same of one caller on all its connections, where a single answer always has room. Default: 64 MiB. */
	readonly maxUnreadBytesPerCaller: number;
	/** The same on one connection, where an answer alone always has room. Default: 32 MiB. */
	readonly maxUnreadBytesPerConnection: number;
	/**
	 * Messages that are compressed or decompressed at the same time; others wait their turn.
	 * Default: 2, half of the threads that Node has for this, for files and for names.
	 */
	readonly maxParallelCompressions: number;
	/** Silence allowed before a cleartext connection shows its HTTP version, in ms. Default: 10 s. */
	readonly firstByteTimeoutMs: number;
	/** Time for a TLS handshake, in ms. Default: 10 s. */
	readonly handshakeTimeoutMs: number;
	/** Time for a header section, or for HTTP/2's first SETTINGS, in ms. Default: 10 s. */
	readonly headersTimeoutMs: number;
	/** Time for a request's whole body after its header, and for a WebSocket's message, in ms. Default: 30 s. */
	readonly bodyTimeoutMs: number;
	/** A connection without a call is closed after this, in ms. Default: 75 s, above a balancer's 60 s. */
	readonly idleTimeoutMs: number;
	/**
	 * A reader that takes nothing of a unary answer, or of the rest of a stream that was ended, for
	 * this long loses its connection or stream, in ms. Default: 60 s. Watchers may fall behind for
	 * as long as they like; dead ones are found by TCP keep-alive and HTTP/2 PING.
	 */
	readonly stalledWriteTimeoutMs: number;
	/** TCP keep-alive, PING of HTTP/2 and of WebSocket go out this often, in ms. Default: 30 s. */
	readonly keepAliveIntervalMs: number;
	/** Such a PING, and the close of a WebSocket, must be answered within this, in ms. Default: 10 s. */
	readonly pingTimeoutMs: number;
	/** Longest deadline of a unary call; longer ones, and none, become this. In ms. Default: 60 s. */
	readonly maxUnaryTimeoutMs: number;
	/** Longest deadline of a stream; longer ones become this, none stays none. In ms. Default: 24 days. */
	readonly maxStreamTimeoutMs: number;
	/** A stream that has nothing to say yet sends its head after this, in ms. Default: 50 ms. */
	readonly streamHeadDelayMs: number;
	/** Bytes that a stream writes before others have their turn. Default: 64 KiB. */
	readonly streamSliceBytes: number;
	/** Time that streams take of one turn of the event loop, in ms. Default: 5 ms. */
	readonly streamSliceMs: number;
	/** Certificate and key files are read again this often, in ms. Default: 10 s. */
	readonly tlsPollIntervalMs: number;
}

/** The limits as shipped. */
export const defaultLimits: TransportLimits = Object.freeze({
	maxRequestBytes: 2 * 1024 * 1024,
	maxDecompressedBytes: 2 * 1024 * 1024,
	maxHeaderBytes: 16 * 1024,
	maxHeaderCount: 100,
	maxConnections: 10_000,
	maxConnectionsPerAddress: 5_000,
	maxPipelinedRequests: 32,
	maxConcurrentStreams: 250,
	maxSessionMemoryMib: 32,
	streamResetBurst: 100,
	streamResetPerSecond: 10,
	maxPingStrikes: 10,
	minPingIntervalMs: 10_000,
	maxParallelCompressions: 2,
	maxUnreadBytes: 256 * 1024 * 1024,
	maxUnreadBytesPerCaller: 64 * 1024 * 1024,
	maxUnreadBytesPerConnection: 32 * 1024 * 1024,
	firstByteTimeoutMs: 10_000,
	handshakeTimeoutMs: 10_000,
	headersTimeoutMs: 10_000,
	bodyTimeoutMs: 30_000,
	idleTimeoutMs: 75_000,
	stalledWriteTimeoutMs: 60_000,
	keepAliveIntervalMs: 30_000,
	pingTimeoutMs: 10_000,
	maxUnaryTimeoutMs: 60_000,
	maxStreamTimeoutMs: maxTimerDelayMs,
	streamHeadDelayMs: 50,
	streamSliceBytes: 64 * 1024,
	streamSliceMs: 5,
	tlsPollIntervalMs: 10_000,
});

/**
 * Checks that every limit is a positive whole number and that every time fits a
 * timer (a longer one would fire at once).
 *
 * @throws RangeError naming the first limit at fault.
 */
export function validateLimits(limits: TransportLimits): void {
	for (const [name, value] of Object.entries(limits)) {
		const max = name.endsWith("Ms") ? maxTimerDelayMs : Number.MAX_SAFE_INTEGER;
		if (!Number.isSafeInteger(value) || value < 1 || value > max) {
			throw new RangeError(`${name} must be a whole number from 1 to ${max}, not ${value}`);
		}
	}
}
