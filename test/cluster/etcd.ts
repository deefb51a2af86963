import { join } from "node:path";
import { type KeptProcess, startProcess } from "./kept-process.ts";

/** A running etcd. */
export interface Etcd {
	/** For kube-apiserver's `--etcd-servers`. */
	readonly endpoint: string;
	readonly process: KeptProcess;
}

/**
 * Starts an etcd of one member with its data in a folder. Who connects waits until it listens.
 * @param program path of etcd
 * @param folder has room for its data, its log and a socket (105 characters with its name)
 */
export function startEtcd(program: string, folder: string): Etcd {
	const endpoint = `unix://${join(folder, "etcd.sock")}`;
	// A single member calls nobody and is called by its socket only, but insists on addresses.
	const nowhere = "http://127.0.0.1:1";
	const process = startProcess({
		program,
		args: [
			`--data-dir=${join(folder, "etcd")}`,
			`--listen-client-urls=${endpoint}`,
			`--advertise-client-urls=${nowhere}`,
			"--listen-peer-urls=http://127.0.0.1:0",
			`--initial-advertise-peer-urls=${nowhere}`,
			`--initial-cluster=default=${nowhere}`,
			// It has to survive the tests, not a loss of power.
			"--unsafe-no-fsync",
			"--log-level=warn",
		],
		logFile: join(folder, "etcd.log"),
	});
	return { endpoint, process };
}
