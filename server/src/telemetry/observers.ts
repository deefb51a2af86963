import type { Logger } from "pino";
import type { HttpObserver } from "../http/observer.ts";
import { keyOf } from "../resource/object.ts";
import type { RpcObserver } from "../rpc/observer.ts";
import { reasonOf } from "../store/kubernetes/upstream-error.ts";
import {
	type Trouble,
	troubleWords,
	type UpstreamObserver,
} from "../store/kubernetes/upstream-observer.ts";
import type { WatchObserver } from "../watch/observer.ts";
import type { PortCounters } from "./metrics.ts";
import type { RefusalLines } from "./refusal-lines.ts";

/**
 * Creates the port's observer: counts what it hears, and logs what cannot come as often as peers
 * like, and requests that no interceptor sees.
 * @param lines bounds the lines of refused requests. Default: each is written
 */
export function createPortObserver(
	counters: PortCounters,
	logger: Logger,
	lines?: Pick<RefusalLines, "admit">,
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
			if (lines?.admit(refused.address) !== false) logger.info(refused, "request refused");
		},
		encoded: counters.encoded,
		tlsReloaded: () => logger.info("certificate reloaded"),
		tlsReloadFailed: (err) => logger.error({ err }, "certificate not reloaded"),
		unexpected: (err) => logger.error({ err }, "a connection or call failed by a fault of ours"),
	};
}

/**
 * Creates what logs the state of the connection to the cluster, for each kind that is followed: one
 * line when a trouble begins or becomes another one, one when it is over. The attempts in between, which
 * an outage makes by the dozen, and the stacks are at debug level.
 */
export function createUpstreamLog(
	logger: Logger,
): Pick<UpstreamObserver, "troubled" | "recovered"> {
	const troubles = new Map<string, Trouble>();
	return {
		troubled(trouble, error, kind) {
			if (trouble !== troubles.get(kind))
				logger.warn({ trouble, kind, cause: reasonOf(error) }, troubleWords[trouble]);
			troubles.set(kind, trouble);
			logger.debug({ trouble, kind, err: error }, "a call to the cluster failed");
		},
		recovered(kind) {
			if (troubles.delete(kind)) logger.info({ kind }, "the cluster answers again");
		},
	};
}

/** Most VMs whose noise is remembered; the one named first is forgotten where there are more. */
const maxNamed = 10_000;

/** Creates what says in the log, once for each VM, that its changes come faster than they are told. */
export function createWatchLog(logger: Logger): Pick<WatchObserver, "noisy"> {
	const named = new Set<string>();
	return {
		noisy(object) {
			const key = keyOf(object);
			if (named.has(key)) return;
			const [oldest] = named;
			if (named.size >= maxNamed && oldest !== undefined) named.delete(oldest);
			named.add(key);
			const { namespace, name } = object;
			logger.warn(
				{ namespace, name },
				"the status of a VM changes all the time; watches are told less often",
			);
		},
	};
}
