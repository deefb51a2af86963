import type { KubeAccess, KubeApi } from "../cluster/kube-api.ts";
import { createClusterMachineHand } from "../cluster/kubevirt/machine-hand.ts";
import { type ClusterHistory, recordWukongs } from "../cluster/rolling/cluster-history.ts";
import { wukongPath, wukongResource } from "../cluster/wukong-resource.ts";
import type { Hand } from "./hand.ts";

/** A hand in one namespace of a real cluster. */
export interface ClusterHand extends Hand {
	close(): Promise<void>;
}

/**
 * @param options.access an administrator's, past all proxies
 * @param options.hasKubeVirt its definitions are installed. Default: false
 */
export async function createClusterHand(options: {
	readonly admin: KubeApi;
	readonly access: KubeAccess;
	readonly namespace: string;
	readonly hasKubeVirt?: boolean;
}): Promise<ClusterHand> {
	const { admin, access, namespace, hasKubeVirt = false } = options;
	const all = wukongPath(namespace);
	const list = () => admin.expect({ method: "GET", path: all });
	const { metadata } = await list();
	const history: ClusterHistory = await recordWukongs(access, all, metadata.resourceVersion);
	const machines = hasKubeVirt
		? await createClusterMachineHand(admin, access, namespace)
		: undefined;
	return {
		machines,
		async create(name, labels) {
			const resource = wukongResource(name);
			const body = { ...resource, metadata: { ...resource.metadata, labels } };
			await admin.expect({ method: "POST", path: all, body });
		},
		async label(name, labels) {
			const body = { metadata: { labels } };
			await admin.expect({ method: "PATCH", path: wukongPath(namespace, name), body });
		},
		async remove(name) {
			await admin.expect({ method: "DELETE", path: wukongPath(namespace, name) });
		},
		objects: async () => (await list()).items,
		changes: history.changes,
		async close() {
			await machines?.close();
			await history.close();
		},
	};
}
