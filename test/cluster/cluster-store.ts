import { systemClock } from "../../server/src/clock.ts";
import { defaultApiTimings } from "../../server/src/store/kubernetes/api-client.ts";
import {
	createKubernetesStore,
	type KubernetesOptions,
} from "../../server/src/store/kubernetes/kubernetes-store.ts";
import type { Store } from "../../server/src/store/store.ts";
import { silentUpstream } from "../support/silent-upstream.ts";
import type { KubeAccess } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

/** A busy machine is none that is away. */
export const patientTimings = {
	...defaultApiTimings,
	connectTimeoutMs: 20_000,
	answerTimeoutMs: 60_000,
};

/**
 * A store before a real API server; it reads the access when it starts.
 * @param namespace the one that is served; empty: all
 * @param options what differs from the usual ones; default none
 */
export async function createClusterStore(
	access: KubeAccess,
	namespace: string,
	options: Partial<KubernetesOptions> = {},
): Promise<Store> {
	const kubeconfig = await writeKubeconfig(access);
	const store = createKubernetesStore({
		clock: systemClock,
		...options,
		apiTimings: { ...patientTimings, ...options.apiTimings },
		kubeconfig: kubeconfig.path,
		context: "",
		maxConnections: 16,
		namespace,
		observer: silentUpstream,
	});
	return {
		...store,
		async close() {
			await store.close();
			await kubeconfig.remove();
		},
	};
}
