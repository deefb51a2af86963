import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepPort } from "../support/kept-port.ts";
import { type KeptProcess, startProcess } from "./kept-process.ts";
import { createKubeApi, type KubeAccess } from "./kube-api.ts";
import { poll } from "./poll.ts";

/** An API server that can be stopped and started again, with the same address and the same keys. */
export interface ApiServer {
	readonly url: string;
	/** Starts it and resolves when it is ready. */
	start(): Promise<void>;
	/** Ends it as a roll-out does: calls in flight finish. */
	stop(): Promise<void>;
	/** Ends it as a crash does. */
	kill(): Promise<void>;
	/** The rights of an administrator. Known once it is started. */
	access(): KubeAccess;
}

/** What an API server is made of. */
export interface ApiServerOptions {
	/** Path of kube-apiserver. */
	readonly program: string;
	/** Has room for its keys and its log. */
	readonly folder: string;
	readonly etcdEndpoint: string;
	/** More flags, as in `--watch-cache=false`; default none. */
	readonly flags?: readonly string[];
}

/** Prepares an API server on a free port. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
	const { program, folder } = options;
	const port = await keepPort();
	const url = `https://127.0.0.1:${port}`;
	const token = randomUUID();
	const args = [...writeKeys(folder, token), ...flags(options), `--secure-port=${port}`];
	// It signs its own certificate when it starts, and keeps it.
	const access = () => ({
		url,
		ca: readFileSync(join(folder, "certificates/apiserver.crt"), "utf8"),
		token,
	});
	let process: KeptProcess | undefined;
	return {
		url,
		access,
		async start() {
			const started = startProcess({ program, args, logFile: join(folder, "apiserver.log") });
			process = started;
			await poll("the API server is ready", async () => {
				// Not a "no" but the end of waiting.
				if (!started.running) return true;
				return isReady(access());
			});
			if (!started.running) throw new Error(`the API server ended:\n${started.log()}`);
		},
		stop: async () => process?.stop(),
		kill: async () => process?.kill(),
	};
}

async function isReady(access: KubeAccess): Promise<boolean> {
	const api = createKubeApi(access);
	try {
		return (await api.send({ method: "GET", path: "/readyz" })).status === 200;
	} finally {
		api.close();
	}
}

function flags({ folder, etcdEndpoint, flags: more = [] }: ApiServerOptions): string[] {
	return [
		`--etcd-servers=${etcdEndpoint}`,
		`--cert-dir=${join(folder, "certificates")}`,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC",
		"--anonymous-auth=false",
		"--service-account-issuer=https://kubernetes.default.svc",
		// Nothing runs here that would need what these two keep.
		"--disable-admission-plugins=ServiceAccount",
		"--endpoint-reconciler-type=none",
		...more,
	];
}

/** Writes the keys that sign service accounts' tokens, and the administrator's token. */
function writeKeys(folder: string, adminToken: string): string[] {
	const file = (name: string, content: string) => {
		const path = join(folder, name);
		writeFileSync(path, content, { mode: 0o600 });
		return path;
	};
	const { publicKey, privateKey } = generateKeyPairSync("ec", {
		namedCurve: "P-256",
		publicKeyEncoding: { type: "spki", format: "pem" },
		privateKeyEncoding: { type: "sec1", format: "pem" },
	});
	const admin = `${adminToken},admin,admin,"system:masters"\n`;
	return [
		`--service-account-key-file=${file("service-account.pub", publicKey)}`,
		`--service-account-signing-key-file=${file("service-account.key", privateKey)}`,
		`--token-auth-file=${file("tokens.csv", admin)}`,
	];
}
