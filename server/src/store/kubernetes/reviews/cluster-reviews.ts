import type { Clock } from "../../../clock.ts";
import type { ApiCalls, ClusterAccess } from "../api.ts";
import { createApiCalls } from "../api-calls.ts";
import { defaultApiTimings } from "../api-client.ts";
import { type KubeconfigOptions, openKubeconfig } from "../kubeconfig-access.ts";
import { createReviews, type Reviews } from "./reviews.ts";

/** Reviews over connections of their own: what callers show holds up no write, and no write them. */
export interface ClusterReviews extends Reviews {
	/** Opens the access to the API server, which need not be there yet. @throws KubeconfigError */
	start(): Promise<void>;
	/** Ends all connections. */
	close(): void;
}

/** Connections to the API server: as many reviews are under way at one time. */
const maxConnections = 32;

/** Creates the reviews of the cluster that a kubeconfig names. */
export function createClusterReviews(options: {
	readonly kubeconfig: Omit<KubeconfigOptions, "maxConnections">;
	readonly clock: Clock;
	/** Default: as the kubeconfig says. */
	readonly open?: (options: KubeconfigOptions) => Promise<ClusterAccess>;
	/** Called with the calls to the API server once it is opened. Default: nothing. */
	readonly onOpen?: (calls: ApiCalls) => void;
}): ClusterReviews {
	const { kubeconfig, clock, open = openKubeconfig, onOpen } = options;
	const { connectTimeoutMs } = defaultApiTimings;
	let access: ClusterAccess | undefined;
	let reviews: Reviews | undefined;
	const opened = (): Reviews => {
		if (reviews === undefined) throw new Error("a review is asked for before the start");
		return reviews;
	};
	return {
		reviewToken: async (token, audiences) => opened().reviewToken(token, audiences),
		reviewAccess: async (user, attributes) => opened().reviewAccess(user, attributes),
		async start() {
			access = await open({ ...kubeconfig, maxConnections });
			const calls = createApiCalls({ access, connectTimeoutMs, clock });
			reviews = createReviews(calls);
			onOpen?.(calls);
		},
		close: () => access?.close(),
	};
}
