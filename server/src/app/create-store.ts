import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { HistoryLimits } from "../store/change-feed.ts";
import { createEmbeddedStore } from "../store/embedded/embedded-store.ts";
import { commitErrorWords } from "../store/embedded/storage-error.ts";
import type { StoreObserver } from "../store/embedded/writability.ts";
import { createKubernetesStore } from "../store/kubernetes/kubernetes-store.ts";
import type { UpstreamObserver, WriteObserver } from "../store/kubernetes/upstream-observer.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createUpstreamLog } from "../telemetry/observers.ts";

/** Dependencies of a store. */
export interface StoreParts {
	readonly history: HistoryLimits;
	readonly clock: Clock;
	readonly logger: Logger;
	/** `KUBECONFIG` of the environment; undefined: unset. */
	readonly kubeconfigPath: string | undefined;
	/** Counts events of the connection to the cluster. */
	readonly upstream: UpstreamObserver & WriteObserver;
	/** Counts failures of the embedded store. */
	readonly store: StoreObserver;
	/** The store has become unable to write, or able again. */
	readonly onWritability: () => void;
	/** The store has failed for good. */
	readonly onFault: (fault: unknown) => void;
}

/** Creates the store that the configuration names. */
export function createStore(config: Config, parts: StoreParts): Store {
	return config.store === "kubernetes"
		? createClusterStore(config, parts)
		: createEmbeddedStore({
				dataPath: config.data,
				seedCount: config.seed,
				history: parts.history,
				operator: {
					pendingMs: config.operatorPendingMs,
					creatingMs: config.operatorCreatingMs,
					stoppingMs: config.operatorStoppingMs,
					deletingMs: config.operatorDeletingMs,
					profile: config.operatorProfile,
				},
				clock: parts.clock,
				onFault: parts.onFault,
				observer: observeStore(parts),
			});
}

function observeStore({ store: counters, logger, onWritability }: StoreParts): StoreObserver {
	return {
		...counters,
		unwritable(error) {
			counters.unwritable(error);
			const cause = error.code.toLowerCase();
			logger.error(
				{ cause, err: error },
				`the store cannot write: ${commitErrorWords[error.code]}`,
			);
			onWritability();
		},
		writable() {
			counters.writable();
			logger.info("the store can write again");
			onWritability();
		},
	};
}

/** Connections to the API server: the watch, and writes side by side. */
const maxUpstreamConnections = 64;

function createClusterStore(config: Config, parts: StoreParts): Store {
	const { clock, logger, upstream } = parts;
	const { kubeconfig, context, namespace, defaultStorageClass, defaultNetworkType } = config;
	const log = createUpstreamLog(logger);
	return createKubernetesStore({
		kubeconfig,
		searchPath: parts.kubeconfigPath,
		context,
		namespace,
		maxConnections: maxUpstreamConnections,
		stuckRules: {
			stuckStartingMs: config.stuckStartingMs,
			stuckDeletingMs: config.stuckDeletingMs,
			stuckVolumeMs: config.stuckVolumeMs,
		},
		writesAs: config.kubeWritesAs,
		fillIns: { storageClass: defaultStorageClass, networkType: defaultNetworkType },
		clock,
		observer: {
			...upstream,
			troubled(trouble, error, kind) {
				upstream.troubled(trouble, error, kind);
				log.troubled(trouble, error, kind);
			},
			recovered(kind) {
				upstream.recovered(kind);
				log.recovered(kind);
			},
		},
	});
}
