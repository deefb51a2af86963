import { randomUUID } from "node:crypto";
import type { KubeApi } from "./kube-api.ts";

/**
 * Makes a namespace of its own for a test. It stays: nothing here could take it down.
 * @param labels of the namespace; default none
 */
export async function createNamespace(
	admin: KubeApi,
	labels: Readonly<Record<string, string>> = {},
): Promise<string> {
	const name = `test-${randomUUID()}`;
	await admin.expect({
		method: "POST",
		path: "/api/v1/namespaces",
		body: { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } },
	});
	return name;
}
