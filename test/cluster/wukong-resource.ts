import type { Document, KubeApi } from "./kube-api.ts";
import { applyManifest } from "./manifest.ts";
import { poll } from "./poll.ts";

/** The path of all Wukongs, of those of a namespace, or of one. */
export function wukongPath(namespace?: string, name?: string): string {
	const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
	const one = name === undefined ? "" : `/${name}`;
	return `/apis/vm.novasphere.dev/v1alpha1${scope}/wukongs${one}`;
}

/** The path of the definition. */
export const definitionPath =
	"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/wukongs.vm.novasphere.dev";

/** A Wukong that is accepted. @param spec replaces what it names */
export function wukongResource(name: string, spec: Document = {}): Document {
	return {
		apiVersion: "vm.novasphere.dev/v1alpha1",
		kind: "Wukong",
		metadata: { name },
		spec: { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi" }], ...spec },
	};
}

/** Installs the definition; resolves when Wukongs can be listed. */
export async function installDefinition(api: KubeApi): Promise<void> {
	await applyManifest(api, "crd/wukongs.vm.novasphere.dev.yaml");
	const list = { method: "GET", path: wukongPath() } as const;
	await poll("Wukongs are served", async () => (await api.send(list)).status === 200);
}
