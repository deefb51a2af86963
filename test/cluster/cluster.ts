import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiServer, createApiServer } from "./api-server.ts";
import { clusterBinaries } from "./binaries.ts";
import { startEtcd } from "./etcd.ts";

/** An API server with an etcd of its own: as much of a cluster as custom resources need. */
export interface Cluster {
	readonly apiServer: ApiServer;
	/** Its data, keys and logs. */
	readonly folder: string;
	/** Copies etcd's data; the API server is down meanwhile. */
	backUp(): Promise<void>;
	/** Goes back to the copy. The API server crashes, and versions are given out a second time. */
	restore(): Promise<void>;
	/** Ends both and removes their data. */
	close(): Promise<void>;
}

/** How a cluster differs from the usual one. */
export interface ClusterOptions {
	/** More flags of kube-apiserver, as in `--watch-cache=false`; default none. */
	readonly apiServerFlags?: readonly string[];
}

/**
 * Starts a cluster; it is ready when this resolves, in about three seconds. It does not outlive
 * this process, however that ends; only the folder with its data may then be left.
 */
export async function startCluster({ apiServerFlags = [] }: ClusterOptions = {}): Promise<Cluster> {
	const binaries = clusterBinaries();
	const folder = await mkdtemp(join(tmpdir(), "wukong-cluster-"));
	let etcd = startEtcd(binaries.etcd, folder);
	const apiServer = await createApiServer({
		program: binaries.kubeApiserver,
		folder,
		etcdEndpoint: etcd.endpoint,
		flags: apiServerFlags,
	});
	const data = join(folder, "etcd");
	const backup = join(folder, "backup");
	const copyBetween = async (from: string, to: string) => {
		await etcd.process.stop();
		await rm(to, { recursive: true, force: true });
		await cp(from, to, { recursive: true });
		etcd = startEtcd(binaries.etcd, folder);
		await apiServer.start();
	};
	const close = async () => {
		await Promise.all([apiServer.kill(), etcd.process.kill()]);
		await rm(folder, { recursive: true });
	};
	try {
		await apiServer.start();
	} catch (error) {
		await close();
		throw error;
	}
	return {
		apiServer,
		folder,
		close,
		async backUp() {
			await apiServer.stop();
			await copyBetween(data, backup);
		},
		async restore() {
			await apiServer.kill();
			await copyBetween(backup, data);
		},
	};
}
