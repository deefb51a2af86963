import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/source-files.ts";
import type { KubeApi } from "./kube-api.ts";

const collections: Readonly<Record<string, string>> = {
	Namespace: "/api/v1/namespaces",
	ServiceAccount: "/api/v1/namespaces/{namespace}/serviceaccounts",
	Role: "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles",
	RoleBinding: "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
	ClusterRole: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
	ClusterRoleBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
	CustomResourceDefinition: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
};

/** One object of a manifest. */
interface ManifestObject {
	readonly kind: string;
	readonly name: string;
	/** Undefined where the object says none. */
	readonly namespace: string | undefined;
	readonly yaml: string;
}

/**
 * Applies a file of `deploy/`, as `kubectl apply --server-side` does.
 * @param file path from `deploy/`
 * @param namespace of the objects that name none; default `default`
 */
export async function applyManifest(
	api: KubeApi,
	file: string,
	namespace = "default",
): Promise<void> {
	const content = readFileSync(join(root, "deploy", file), "utf8");
	for (const object of content.split(/^---$/m).map(readObject)) {
		const collection = collections[object.kind];
		if (collection === undefined) throw new Error(`${file} has a ${object.kind}`);
		const path = collection.replace("{namespace}", object.namespace ?? namespace);
		await api.expect({
			method: "PATCH",
			path: `${path}/${object.name}?fieldManager=test&fieldValidation=Strict`,
			body: object.yaml,
			contentType: "application/apply-patch+yaml",
		});
	}
}

/** Reads what a path needs. The manifests are ours: two spaces, and metadata above the rest. */
function readObject(yaml: string): ManifestObject {
	const first = (pattern: RegExp) => pattern.exec(yaml)?.[1];
	const [kind, name] = [first(/^kind: (\w+)$/m), first(/^ {2}name: (\S+)$/m)];
	if (kind === undefined || name === undefined) throw new Error(`not an object:\n${yaml}`);
	return { kind, name, namespace: first(/^ {2}namespace: (\S+)$/m), yaml };
}
