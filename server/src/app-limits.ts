import type { Config } from "./config/config.ts";
import { defaultLimits, type TransportLimits } from "./transport/limits.ts";

/** The port's limits: those that can be configured, and the others as shipped. */
export function limitsFrom(config: Config): TransportLimits {
	return {
		...defaultLimits,
		maxRequestBytes: config.maxRequestBytes,
		maxDecompressedBytes: config.maxRequestBytes,
		maxHeaderBytes: config.maxHeaderBytes,
		maxConnections: config.maxConnections,
		maxConnectionsPerAddress: config.maxConnectionsPerAddress,
		maxConcurrentStreams: config.maxConcurrentStreams,
		headersTimeoutMs: config.headersTimeoutMs,
		bodyTimeoutMs: config.bodyTimeoutMs,
		idleTimeoutMs: config.idleTimeoutMs,
		stalledWriteTimeoutMs: config.stalledWriteTimeoutMs,
		maxUnaryTimeoutMs: config.maxUnaryTimeoutMs,
		maxStreamTimeoutMs: config.maxStreamTimeoutMs,
	};
}
