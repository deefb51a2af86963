import { systemClock } from "../../server/src/clock.ts";
import { createKubernetesStore } from "../../server/src/store/kubernetes/kubernetes-store.ts";
import type { Store } from "../../server/src/store/store.ts";
import type { KubeAccess } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

const silent = () => {};

/**
 * A store before a real API server; it reads the access when it starts.
 * @param namespace the one that is served; empty: all
 */
export async function createClusterStore(access: KubeAccess, namespace: string): Promise<Store> {
	const kubeconfig = await writeKubeconfig(access);
	const store = createKubernetesStore({
		kubeconfig: kubeconfig.path,
		context: "",
		maxConnections: 16,
		namespace,
		clock: systemClock,
		observer: {
			listed: silent,
			watchOpened: silent,
			watchEnded: silent,
			troubled: silent,
			recovered: silent,
			answeredUnseen: silent,
		},
	});
	return {
		...store,
		async close() {
			await store.close();
			await kubeconfig.remove();
		},
	};
}
