import { type Stats, statSync } from "node:fs";
import type { Agent } from "node:http";
import { type AgentOptions, Agent as HttpsAgent, type RequestOptions } from "node:https";
import { delimiter } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import type { ClusterAccess } from "./api.ts";
import { UpstreamError } from "./upstream-error.ts";

/** The kubeconfig and the context of it that are used. */
export interface KubeconfigOptions {
	/**
	 * A kubeconfig file. Empty, the default: the usual places, which are `KUBECONFIG`,
	 * `~/.kube/config`, and in a pod its service account.
	 */
	readonly kubeconfig: string;
	/**
	 * `KUBECONFIG` as the environment has it: files with `:` between them (`;` on Windows), which are
	 * merged as kubectl merges them. Default: unset.
	 */
	readonly searchPath?: string | undefined;
	/** A context of the kubeconfig. Empty, the default: its current one. */
	readonly context: string;
	/** Most connections at one time. Default 64. */
	readonly maxConnections: number;
}

/** Reports that the kubeconfig cannot be used; waiting would not help. */
export class KubeconfigError extends Error {
	override readonly name = "KubeconfigError";
}

const idleConnectionMs = 30_000;

type TlsOptions = Pick<AgentOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;

/**
 * Opens the access to a cluster as kubectl does. The library is loaded here and nowhere else: it
 * costs 0.7 s and 80 MB. @throws KubeconfigError
 */
export async function openKubeconfig(options: KubeconfigOptions): Promise<ClusterAccess> {
	const { KubeConfig } = await import("@kubernetes/client-node");
	const load = () => loadConfig(KubeConfig, options);
	let config = load();
	const server = serverOf(config);
	let agent: Agent | undefined;
	let agentTls: TlsOptions = {};

	/** Keeps one agent as long as certificates stay the same: a plugin may bring new ones. */
	const agentFor = (tls: TlsOptions): Agent => {
		if (agent !== undefined && isDeepStrictEqual(tls, agentTls)) return agent;
		// Requests under way keep their connections; idle ones end by themselves.
		agent = new HttpsAgent({
			...tls,
			keepAlive: true,
			keepAliveMsecs: 30_000,
			maxSockets: options.maxConnections,
			// Idle connections end before a balancer in between ends them: no write meets one dying.
			timeout: idleConnectionMs,
		});
		agentTls = tls;
		return agent;
	};

	return {
		server,
		async credentials() {
			const request: RequestOptions = {};
			try {
				await config.applyToHTTPSOptions(request);
			} catch (error) {
				// A plugin or a file may be there again at the next try.
				const { code, path } = error as NodeJS.ErrnoException;
				const which = path === undefined ? "" : `: ${path} cannot be read: ${code}`;
				throw new UpstreamError({ kind: "unreachable" }, `there are no credentials${which}`, error);
			}
			const { ca, cert, key, rejectUnauthorized, servername } = request;
			const tls = definedOf({ ca, cert, key, rejectUnauthorized, servername });
			const proxied = (config.getCurrentCluster()?.proxyUrl ?? "") !== "";
			return {
				agent: proxied ? (request.agent as Agent) : agentFor(tls),
				headers: { ...textHeaders(request.headers), ...basicHeader(request.auth) },
			};
		},
		async renew() {
			try {
				config = load();
			} catch {
				// A file that is being replaced; what we have is refused, and that is reported.
			}
		},
		close() {
			agent?.destroy();
		},
	};
}

function loadConfig(Config: typeof KubeConfig, options: KubeconfigOptions): KubeConfig {
	const { kubeconfig, searchPath = "", context } = options;
	const files = kubeconfig === "" ? searchPath.split(delimiter).filter(Boolean) : [kubeconfig];
	if (searchPath !== "" && files.length === 0) {
		throw new KubeconfigError(`KUBECONFIG names no file: it is "${searchPath}"`);
	}
	const [first, ...others] = files;
	const config = readConfig(Config, first);
	for (const file of others) config.mergeConfig(readConfig(Config, file));
	if (files.length === 0 && isFallback(config)) {
		throw new KubeconfigError(
			"no kubeconfig found: looked at KUBECONFIG, at .kube/config in the home folder, and for the service account of a pod; name one with --kubeconfig",
		);
	}
	if (context !== "") config.setCurrentContext(context);
	if (config.getContextObject(config.getCurrentContext()) === null) {
		throw new KubeconfigError(`the kubeconfig has no context "${config.getCurrentContext()}"`);
	}
	requireRegularFiles(config);
	return config;
}

/** Reads one file, or the usual places where none is named. @throws KubeconfigError */
function readConfig(Config: typeof KubeConfig, file: string | undefined): KubeConfig {
	class CheckedConfig extends Config {
		override loadFromFile(...args: Parameters<KubeConfig["loadFromFile"]>): void {
			requireRegularFile(args[0]);
			super.loadFromFile(...args);
		}
	}
	const config = new CheckedConfig();
	try {
		if (file === undefined) config.loadFromDefault();
		else config.loadFromFile(file);
	} catch (error) {
		throw error instanceof KubeconfigError ? error : unreadable(file ?? "", error);
	}
	return config;
}

/** Checks the files that the kubeconfig names; they are read, again and again, on this thread. */
function requireRegularFiles(config: KubeConfig): void {
	const { caFile } = config.getCurrentCluster() ?? {};
	const { certFile, keyFile, authProvider } = config.getCurrentUser() ?? {};
	const tokenFile: unknown = authProvider?.config?.tokenFile;
	for (const file of [caFile, certFile, keyFile, tokenFile]) {
		if (typeof file === "string" && file !== "") requireRegularFile(file);
	}
}

/**
 * Refuses what is neither a file nor a folder: the reading of a pipe or a device may never end, and
 * would block the event loop. For a folder, or where nothing is, reading fails at once.
 */
function requireRegularFile(file: string): void {
	const stats = statOf(file);
	if (stats === undefined || stats.isFile() || stats.isDirectory()) return;
	throw new KubeconfigError(`the kubeconfig cannot be read: ${file}: it is no regular file`);
}

/** Returns undefined where nothing can be seen: reading the file shows why. */
function statOf(file: string): Stats | undefined {
	try {
		return statSync(file);
	} catch {
		return undefined;
	}
}

/** Reports a file that cannot be read. The text of a parser is left out: it would quote the file. */
function unreadable(kubeconfig: string, error: unknown): KubeconfigError {
	const { code, path } = error as NodeJS.ErrnoException;
	const file = kubeconfig || path;
	const which = file === undefined ? "" : `${file}: `;
	const problem = `the kubeconfig cannot be read: ${which}${code ?? "it is no kubeconfig"}`;
	return new KubeconfigError(problem, { cause: error });
}

/** Checks for the library's default where it finds nothing: localhost:8080, as in old kubectl. */
function isFallback(config: KubeConfig): boolean {
	const cluster = config.getCurrentCluster();
	return cluster?.name === "cluster" && cluster.server === "http://localhost:8080";
}

function serverOf(config: KubeConfig): URL {
	const server = config.getCurrentCluster()?.server;
	if (server === undefined) throw new KubeconfigError("the context names no cluster");
	const url = URL.parse(server);
	// Cleartext would carry the token, and every password, for all to read.
	if (url?.protocol !== "https:") {
		throw new KubeconfigError(`the cluster's server is no https URL: ${server}`);
	}
	return url;
}

function definedOf(tls: { [Key in keyof TlsOptions]: TlsOptions[Key] | undefined }): TlsOptions {
	return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

function textHeaders(headers: RequestOptions["headers"]): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers ?? {}).map(([name, value]) => [name, `${value}`]),
	);
}

function basicHeader(auth: string | null | undefined): Record<string, string> {
	return auth ? { Authorization: `Basic ${Buffer.from(auth).toString("base64")}` } : {};
}
