import type { KubeAccess, KubeApi } from "./kube-api.ts";
import { applyManifest } from "./manifest.ts";
import { serviceAccountToken } from "./service-account.ts";

/**
 * What the service may do in a cluster, and nothing else: the rights of `deploy/rbac`.
 * @param cluster an administrator's access
 * @param namespace the one that is served; empty: all
 */
export async function serviceAccess(
	admin: KubeApi,
	cluster: KubeAccess,
	namespace: string,
): Promise<KubeAccess> {
	const home = namespace || "wukong-system";
	await applyManifest(admin, namespace ? "rbac/namespaced.yaml" : "rbac/cluster-wide.yaml", home);
	return { ...cluster, token: await serviceAccountToken(admin, home, "wukong-api") };
}
