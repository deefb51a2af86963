import { defaultLimits, type TransportLimits } from "../http/limits.ts";
import { count, type Option, size, time } from "./option.ts";

/** Options that are limits of the port, by the limit's name; their defaults stand in `http/limits.ts`. */
export const portOptions = {
	maxRequestBytes: size(
		"max-request-bytes",
		defaultLimits.maxRequestBytes,
		"Largest request message.",
	),
	maxDecompressedBytes: size(
		"max-decompressed-bytes",
		defaultLimits.maxDecompressedBytes,
		"Largest request message after decompression.",
	),
	maxHeaderBytes: size(
		"max-header-bytes",
		defaultLimits.maxHeaderBytes,
		"Largest header section of a request.",
	),
	maxHeaderCount: count(
		"max-header-count",
		defaultLimits.maxHeaderCount,
		[1, 10_000],
		"Most header fields of a request.",
	),
	maxConnections: count(
		"max-connections",
		defaultLimits.maxConnections,
		[1, 1_000_000],
		"Most open connections.",
	),
	maxConnectionsPerAddress: count(
		"max-connections-per-address",
		defaultLimits.maxConnectionsPerAddress,
		[1, 1_000_000],
		"Most open connections of one address; a proxy is one address.",
	),
	maxPipelinedRequests: count(
		"max-pipelined-requests",
		defaultLimits.maxPipelinedRequests,
		[1, 10_000],
		"Most unanswered requests on one HTTP/1.1 connection.",
	),
	maxConcurrentStreams: count(
		"max-concurrent-streams",
		defaultLimits.maxConcurrentStreams,
		[1, 100_000],
		"Most open calls on one HTTP/2 connection, and subscriptions on one WebSocket.",
	),
	streamResetBurst: count(
		"stream-reset-burst",
		defaultLimits.streamResetBurst,
		[1, 1_000_000],
		"Calls that an HTTP/2 connection may break off at once; with more it ends.",
	),
	streamResetPerSecond: count(
		"stream-reset-per-second",
		defaultLimits.streamResetPerSecond,
		[1, 1_000_000],
		"Broken-off calls that are forgotten per second.",
	),
	maxPingStrikes: count(
		"max-ping-strikes",
		defaultLimits.maxPingStrikes,
		[1, 1_000_000],
		"HTTP/2 PINGs that may come too soon on a silent connection; with more it ends.",
	),
	minPingIntervalMs: time(
		"min-ping-interval-ms",
		defaultLimits.minPingIntervalMs,
		"Time after which a PING is not too soon.",
	),
	maxUnreadBytes: size(
		"max-unread-bytes",
		defaultLimits.maxUnreadBytes,
		"Unary answers that lie unread on all connections; further large ones are refused.",
	),
	maxUnreadBytesPerCaller: size(
		"max-unread-bytes-per-caller",
		defaultLimits.maxUnreadBytesPerCaller,
		"The same of one caller on all its connections, where a single answer always has room.",
	),
	maxUnreadBytesPerConnection: size(
		"max-unread-bytes-per-connection",
		defaultLimits.maxUnreadBytesPerConnection,
		"The same on one connection, where a single answer always has room.",
	),
	maxParallelCompressions: count(
		"max-parallel-compressions",
		defaultLimits.maxParallelCompressions,
		[1, 1_024],
		"Messages that are compressed or decompressed at the same time; others wait.",
	),
	firstByteTimeoutMs: time(
		"first-byte-timeout-ms",
		defaultLimits.firstByteTimeoutMs,
		"Time until a connection shows its HTTP version.",
	),
	handshakeTimeoutMs: time(
		"handshake-timeout-ms",
		defaultLimits.handshakeTimeoutMs,
		"Time for a TLS handshake.",
	),
	headersTimeoutMs: time(
		"headers-timeout-ms",
		defaultLimits.headersTimeoutMs,
		"Time for a request's headers.",
	),
	bodyTimeoutMs: time(
		"body-timeout-ms",
		defaultLimits.bodyTimeoutMs,
		"Time for a request's body, and for a message of a WebSocket.",
	),
	idleTimeoutMs: time(
		"idle-timeout-ms",
		defaultLimits.idleTimeoutMs,
		"Time that a connection may stay without a call.",
	),
	keepAliveIntervalMs: time(
		"keep-alive-interval-ms",
		defaultLimits.keepAliveIntervalMs,
		"Time between signs of life that are asked of a peer: TCP keep-alive, PING of HTTP/2 and WebSocket.",
	),
	pingTimeoutMs: time(
		"ping-timeout-ms",
		defaultLimits.pingTimeoutMs,
		"Time for the answer to such a PING, and to the close of a WebSocket.",
	),
	stalledWriteTimeoutMs: time(
		"stalled-write-timeout-ms",
		defaultLimits.stalledWriteTimeoutMs,
		"Time after which a reader that takes nothing of a unary answer is cut off.",
	),
	maxUnaryTimeoutMs: time(
		"max-unary-timeout-ms",
		defaultLimits.maxUnaryTimeoutMs,
		"Longest deadline of a unary call.",
	),
	maxStreamTimeoutMs: time(
		"max-stream-timeout-ms",
		defaultLimits.maxStreamTimeoutMs,
		"Longest deadline of a stream.",
	),
} as const satisfies Partial<Readonly<Record<keyof TransportLimits, Option<number>>>>;

/** Creates the limits of the port: the configurable ones, and defaults for the others. */
export function limitsFrom(
	config: Readonly<Record<keyof typeof portOptions, number>>,
): TransportLimits {
	const limits: Record<keyof TransportLimits, number> = { ...defaultLimits };
	for (const name of Object.keys(portOptions) as (keyof typeof portOptions)[]) {
		limits[name] = config[name];
	}
	return limits;
}
