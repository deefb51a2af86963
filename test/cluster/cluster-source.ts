import { systemClock } from "../../server/src/clock.ts";
import { createKubernetesSource } from "../../server/src/store/kubernetes/kubernetes-store.ts";
import type { Source } from "../../server/src/store/store.ts";
import type { KubeAccess } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

const silent = () => {};

/**
 * A source before a real API server; it reads the access when it starts.
 * @param namespace the one that is served; empty: all
 */
export async function createClusterSource(access: KubeAccess, namespace: string): Promise<Source> {
	const kubeconfig = await writeKubeconfig(access);
	const source = createKubernetesSource({
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
		...source,
		async close() {
			await source.close();
			await kubeconfig.remove();
		},
	};
}
