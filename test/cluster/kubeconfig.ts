import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeAccess } from "./kube-api.ts";

/** A kubeconfig in a folder of its own. */
export interface KubeconfigFile extends AsyncDisposable {
	readonly path: string;
	/** Removes it. */
	remove(): Promise<void>;
}

/** Writes what kubectl would be told of an access. */
export async function writeKubeconfig(access: KubeAccess): Promise<KubeconfigFile> {
	const folder = await mkdtemp(join(tmpdir(), "wukong-kubeconfig-"));
	const path = join(folder, "config");
	await writeFile(path, kubeconfigOf(access), { mode: 0o600 });
	const remove = () => rm(folder, { recursive: true });
	return { path, remove, [Symbol.asyncDispose]: remove };
}

function kubeconfigOf({ url, ca, token }: KubeAccess): string {
	const authority = Buffer.from(ca).toString("base64");
	return JSON.stringify({
		apiVersion: "v1",
		kind: "Config",
		clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": authority } }],
		users: [{ name: "test", user: { token } }],
		contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
		"current-context": "test",
	});
}
