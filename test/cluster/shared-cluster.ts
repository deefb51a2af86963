import type { TestProject } from "vitest/node";
import { startCluster } from "./cluster.ts";
import { createKubeApi, type KubeAccess } from "./kube-api.ts";
import { installDefinition } from "./wukong-resource.ts";

declare module "vitest" {
	interface ProvidedContext {
		/** An administrator's access to the cluster that all test files share. */
		readonly cluster: KubeAccess;
	}
}

/** Starts a cluster with the definition before all test files, and ends it after them. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
	const { apiServer, close } = await startCluster();
	const admin = createKubeApi(apiServer.access());
	await installDefinition(admin);
	admin.close();
	provide("cluster", apiServer.access());
	return close;
}
