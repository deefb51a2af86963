import type { Config } from "../config/config.ts";
import { defaultLimits, type TransportLimits } from "../http/limits.ts";

/** Creates the limits of the port: the configurable ones, and defaults for the others. */
export function limitsFrom(config: Config): TransportLimits {
	return {
		...defaultLimits,
		maxRequestBytes: config.maxRequestBytes,
		maxDecompressedBytes: config.maxDecompressedBytes,
		maxHeaderBytes: config.maxHeaderBytes,
		maxHeaderCount: config.maxHeaderCount,
		maxConnections: config.maxConnections,
		maxConnectionsPerAddress: config.maxConnectionsPerAddress,
		maxPipelinedRequests: config.maxPipelinedRequests,
		maxConcurrentStreams: config.maxConcurrentStreams,
		streamResetBurst: config.streamResetBurst,
		streamResetPerSecond: config.streamResetPerSecond,
		maxPingStrikes: config.maxPingStrikes,
		minPingIntervalMs: config.minPingIntervalMs,
		maxUnreadBytes: config.maxUnreadBytes,
		maxUnreadBytesPerConnection: config.maxUnreadBytesPerConnection,
		maxParallelCompressions: config.maxParallelCompressions,
		firstByteTimeoutMs: config.firstByteTimeoutMs,
		handshakeTimeoutMs: config.handshakeTimeoutMs,
		headersTimeoutMs: config.headersTimeoutMs,
		bodyTimeoutMs: config.bodyTimeoutMs,
		idleTimeoutMs: config.idleTimeoutMs,
		stalledWriteTimeoutMs: config.stalledWriteTimeoutMs,
		keepAliveIntervalMs: config.keepAliveIntervalMs,
		pingTimeoutMs: config.pingTimeoutMs,
		maxUnaryTimeoutMs: config.maxUnaryTimeoutMs,
		maxStreamTimeoutMs: config.maxStreamTimeoutMs,
	};
}
