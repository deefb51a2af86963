import {
	type ClusterAuthorizer,
	createClusterAuthorizer,
	type KnownNamespaces,
} from "../auth/kubernetes/cluster-authorizer.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { createClusterReviews } from "../store/kubernetes/reviews/cluster-reviews.ts";
import { createRightsWatch } from "../store/kubernetes/reviews/rights-watch.ts";
import type { Logger } from "../telemetry/logger.ts";

/** The rights that a cluster gives, and the watch of their changes. */
export interface ClusterRights {
	readonly authorizer: ClusterAuthorizer;
	/** Opens the way to the cluster. @throws what the one who starts the service is told */
	start(): Promise<void>;
	stop(): Promise<void>;
	/** Returns what is known of the kinds that give rights, a line each. */
	notes(): readonly string[];
}

/** Creates the rights of the cluster that the configuration names. */
export function createClusterRights(
	config: Pick<
		Config,
		"kubeconfig" | "context" | "namespace" | "maxAccessReviewsPerSecond" | "kubeWritesAs"
	>,
	parts: {
		readonly clock: Clock;
		readonly logger: Logger;
		/** `KUBECONFIG` of the environment; undefined: unset. */
		readonly kubeconfigPath: string | undefined;
		readonly namespaces: KnownNamespaces;
	},
): ClusterRights {
	const { kubeconfig, context, namespace: served, maxAccessReviewsPerSecond } = config;
	const { clock, logger, kubeconfigPath: searchPath, namespaces } = parts;
	const { random } = Math;
	const reviews = createClusterReviews({
		kubeconfig: { kubeconfig, context, searchPath },
		clock,
		onOpen: (calls) => watch.start(calls),
	});
	const authorizer = createClusterAuthorizer({
		...{ reviews, namespaces, served, writesAs: config.kubeWritesAs, clock, random },
		maxReviewsPerSecond: maxAccessReviewsPerSecond,
		onTrouble: (err) => logger.error({ err }, "the cluster cannot be asked about rights"),
		onRecovery: () => logger.info("the cluster can be asked about rights again"),
	});
	const watch = createRightsWatch({ onChange: authorizer.rightsChanged, clock, random });
	return {
		authorizer,
		start: reviews.start,
		async stop() {
			authorizer.stop();
			await watch.stop();
			reviews.close();
		},
		notes: watch.notes,
	};
}
