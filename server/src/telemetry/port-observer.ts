import type { Logger } from "pino";
import type { HttpObserver } from "../http/observer.ts";
import type { RpcObserver } from "../rpc/observer.ts";
import type { PortCounters } from "./metrics.ts";

/**
 * Creates the port's observer: counts what it hears, and logs what cannot come as often as peers
 * like, and requests that no interceptor sees.
 */
export function createPortObserver(
	counters: PortCounters,
	logger: Logger,
): HttpObserver & RpcObserver {
	return {
		connectionOpened: counters.connectionOpened,
		connectionClosed: counters.connectionClosed,
		connectionFault: counters.connectionFault,
		callEnded({ requestId, complete, sentBytes }) {
			counters.bytesSent(sentBytes);
			if (!complete) logger.debug({ requestId, sentBytes }, "answer broken off");
		},
		callRefused(refused) {
			counters.callRefused(refused.cause);
			logger.info(refused, "request refused");
		},
		encoded: counters.encoded,
		tlsReloaded: () => logger.info("certificate reloaded"),
		tlsReloadFailed: (err) => logger.error({ err }, "certificate not reloaded"),
		unexpected: (err) => logger.error({ err }, "a connection or call failed by a fault of ours"),
	};
}
