import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/source-files.ts";

/** The two programs that make a cluster. */
export interface ClusterBinaries {
	readonly etcd: string;
	readonly kubeApiserver: string;
}

/** Where `npm run cluster:build` puts them. */
export const builtFolder = join(root, ".cache/cluster/bin");

/** The folder that is used instead, as Kubernetes developers have it; undefined: none is. */
export const givenFolder = process.env.KUBEBUILDER_ASSETS || undefined;

/** The programs of a folder; undefined where one is missing. */
export function binariesIn(folder: string): ClusterBinaries | undefined {
	const binaries = { etcd: join(folder, "etcd"), kubeApiserver: join(folder, "kube-apiserver") };
	return Object.values(binaries).every(existsSync) ? binaries : undefined;
}

/**
 * The programs to run.
 * @throws where there are none, saying how to get them.
 */
export function clusterBinaries(): ClusterBinaries {
	const folder = givenFolder ?? builtFolder;
	const binaries = binariesIn(folder);
	if (binaries !== undefined) return binaries;
	throw new Error(`${folder} lacks etcd or kube-apiserver: run "npm run cluster:build"`);
}
