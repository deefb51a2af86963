import type { KubeAccess, KubeApi } from "../cluster/kube-api.ts";
import { type ClusterHistory, recordHistory } from "../cluster/rolling/cluster-history.ts";
import { wukongPath, wukongResource } from "../cluster/wukong-resource.ts";
import type { Hand } from "./hand.ts";

/** A hand in one namespace of a real cluster. */
export interface ClusterHand extends Hand {
	close(): Promise<void>;
}

/** @param access an administrator's, past all proxies. */
export async function createClusterHand(
	admin: KubeApi,
	access: KubeAccess,
	namespace: string,
): Promise<ClusterHand> {
	const all = wukongPath(namespace);
	const list = () => admin.expect({ method: "GET", path: all });
	const { metadata } = await list();
	const history: ClusterHistory = await recordHistory(access, all, metadata.resourceVersion);
	return {
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
		close: () => history.close(),
	};
}
