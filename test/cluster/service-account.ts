import type { KubeApi } from "./kube-api.ts";

/** A token of a service account, as a pod would have it; good for an hour. */
export async function serviceAccountToken(
	admin: KubeApi,
	namespace: string,
	name: string,
): Promise<string> {
	const { status } = await admin.expect({
		method: "POST",
		path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
		body: {
			apiVersion: "authentication.k8s.io/v1",
			kind: "TokenRequest",
			spec: { expirationSeconds: 3600 },
		},
	});
	return status.token;
}
