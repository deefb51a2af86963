import { posix } from "node:path";

/** One breach of the import direction. */
export interface ImportFault {
	readonly file: string;
	/** Line number, from 1. */
	readonly line: number;
	/** The rule, in words. */
	readonly rule: string;
}

/** What each room of server/src may import of the other rooms. A path ending in `/` is a folder. */
const allowedBy: Readonly<Record<string, readonly string[]>> = {
	config: ["transport/authority.ts", "transport/limits.ts", "clock.ts"],
	transport: ["clock.ts", "failure.ts"],
	service: ["watch/", "store/source.ts", "store/rules", "resource/", "clock.ts", "failure.ts"],
	watch: ["store/source.ts", "resource/", "clock.ts", "failure.ts"],
	store: ["resource/", "clock.ts", "failure.ts"],
	resource: ["failure.ts"],
	"clock.ts": [],
	"failure.ts": [],
};

/** Files that touch the process. */
const processRooms = ["main.ts", "process.ts"];

/** Rooms that may know the RPC library; below them nothing does. */
const rpcRooms = [...processRooms, "app", "transport", "service"];

const server = "server/src/";
const client = "web-client/src/";
const importPattern =
	/^(?:import|export)\b.*\bfrom "([^"]+)"|^\} from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/;
const processPattern = /\bprocess\.(?:env|argv|exit|exitCode|on|once|kill)\b/;

/**
 * Finds the breaches in one source file.
 * @param file path from the repository's root, with forward slashes
 */
export function checkImports(file: string, text: string): ImportFault[] {
	const faults: ImportFault[] = [];
	for (const [index, source] of text.split("\n").entries()) {
		const line = index + 1;
		const match = importPattern.exec(source);
		const specifier = match?.slice(1).find((group) => group !== undefined);
		const rule = specifier === undefined ? processRule(file, source) : importRule(file, specifier);
		if (rule !== undefined) faults.push({ file, line, rule });
	}
	return faults;
}

function processRule(file: string, source: string): string | undefined {
	if (!file.startsWith(server) || processRooms.includes(file.slice(server.length)))
		return undefined;
	if (/^\s*(?:\*|\/\/|\/\*)/.test(source) || !processPattern.test(source)) return undefined;
	return "only main.ts and process.ts touch the process: environment, arguments, signals, exit";
}

function importRule(file: string, specifier: string): string | undefined {
	const target = specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : undefined;
	if (target?.startsWith("gen/")) return "gen is imported by its package name";
	if (target === `${server}main.ts`) return "nothing imports main.ts";
	if (target === `${server}process.ts` && file !== `${server}main.ts`) {
		return "only main.ts imports process.ts";
	}
	if (file.startsWith(client)) return clientRule(specifier, target);
	if (file.startsWith(server)) return serverRule(file.slice(server.length), specifier, target);
	return undefined;
}

function clientRule(specifier: string, target: string | undefined): string | undefined {
	if (specifier.startsWith("node:")) return "web-client runs in browsers: no node: module";
	if (specifier.startsWith("@novasphere/")) return "web-client stands alone: one tarball";
	const isOwn = target?.startsWith(client) !== false || target.startsWith("web-client/gen/");
	if (!isOwn) return "web-client imports its own files only";
	return undefined;
}

function serverRule(
	path: string,
	specifier: string,
	target: string | undefined,
): string | undefined {
	const room = roomOf(path);
	if (target === undefined) return packageRule(path, specifier);
	if (!target.startsWith(server)) return "server/src imports its own files only";
	if (room === "main.ts") return mainRule(target);
	if (room === "process.ts" || room === "app") return undefined;
	const allowed = allowedBy[room];
	if (allowed === undefined) return `server/src/${room} is no room: see docs/architecture.md`;
	const to = target.slice(server.length);
	if (roomOf(to) === room || allowed.some((prefix) => to.startsWith(prefix))) return undefined;
	return `${room} may import ${allowed.length === 0 ? "no other room" : allowed.join(", ")}`;
}

/** What is imported before Node is judged must itself load on any Node. */
function mainRule(target: string): string | undefined {
	const allowed = ["process.ts", "config/node-version.ts"].map((file) => `${server}${file}`);
	return allowed.includes(target) ? undefined : "main.ts imports the check of Node and process.ts";
}

/** Who serves callers over HTTP, and who calls the API server. */
const httpFolders = ["transport/", "store/kubernetes/"];

function packageRule(path: string, specifier: string): string | undefined {
	const room = roomOf(path);
	const isHttp = /^node:(?:http|https|http2)$/.test(specifier);
	if (isHttp && !httpFolders.some((folder) => path.startsWith(folder))) {
		return "only transport and store/kubernetes know Node's HTTP";
	}
	if (specifier.startsWith("@connectrpc/") && !rpcRooms.includes(room)) {
		return `${room} knows no RPC`;
	}
	if (specifier.startsWith("@kubernetes/") && room !== "store")
		return "only store knows Kubernetes";
	if (specifier.startsWith("@novasphere/wukong-client")) return "the server knows no client";
	return undefined;
}

function roomOf(path: string): string {
	const first = path.split("/")[0] ?? path;
	return /^app(?:$|[.-])/.test(first) ? "app" : first;
}
