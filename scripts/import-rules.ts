import { posix } from "node:path";

/** One breach of the import direction. */
export interface ImportFault {
	readonly file: string;
	/** Line number, from 1. */
	readonly line: number;
	/** The rule, in words. */
	readonly rule: string;
}

/** What one room of server/src may import. A path that ends in `/` is a folder. */
interface Room {
	/** Paths of other rooms, from server/src. */
	readonly imports: readonly string[];
	/** Packages that only the rooms that name them may import; the rest is open to all. */
	readonly packages?: readonly GuardedPackage[];
}

/** A package that belongs to some rooms, as what its import begins with. */
type GuardedPackage =
	| "@connectrpc/"
	| "@kubernetes/"
	| "@novasphere/wukong-gen"
	| "jose"
	| "node:http"
	| "pino"
	| "prom-client"
	| "ws";

const guarded: readonly GuardedPackage[] = [
	"@connectrpc/",
	"@kubernetes/",
	"@novasphere/wukong-gen",
	"jose",
	"node:http",
	"pino",
	"prom-client",
	"ws",
];

const ground = ["caller.ts", "clock.ts", "failure.ts", "rates.ts"];
const storePort = ["store/store.ts", "store/change-feed.ts"];
const gen = "@novasphere/wukong-gen";

/** From top to bottom. The longest path that fits a file is its room. */
const rooms: Readonly<Record<string, Room>> = {
	"app/": {
		imports: [
			...["config/", "telemetry/", "port/", "service/", "auth/", "rpc/", "watch/", "store/"],
			...["http/", "resource/", ...ground],
		],
		packages: ["@connectrpc/", gen],
	},
	"config/": {
		imports: ["http/addresses.ts", "http/authority.ts", "http/limits.ts", "clock.ts"],
	},
	"telemetry/": {
		imports: ["service/", "rpc/", "watch/", "store/", "http/", "resource/", ...ground],
		packages: ["@connectrpc/", gen, "pino", "prom-client"],
	},
	"port/": { imports: ["rpc/", "http/", ...ground], packages: ["@connectrpc/"] },
	"service/": {
		imports: ["auth/", "rpc/", "watch/", ...storePort, "resource/", ...ground],
		packages: ["@connectrpc/", gen],
	},
	"auth/": {
		imports: ["watch/stream-guard.ts", "resource/namespace-set.ts", ...ground],
		packages: ["jose"],
	},
	"auth/kubernetes/": {
		imports: ["auth/", "store/kubernetes/reviews/", "resource/namespace-set.ts", ...ground],
		packages: ["jose"],
	},
	"rpc/": { imports: ["http/", ...ground], packages: ["@connectrpc/"] },
	"watch/": { imports: ["store/change-feed.ts", "resource/", ...ground] },
	"store/": { imports: ["resource/", ...ground], packages: [gen] },
	"store/embedded/": {
		imports: [...storePort, "store/simulator/", "resource/", ...ground],
		packages: [gen],
	},
	"store/kubernetes/": {
		imports: [...storePort, "store/simulator/", "resource/", ...ground],
		packages: [gen, "@kubernetes/", "node:http"],
	},
	"http/": { imports: ground, packages: ["node:http", "ws"] },
	"resource/": { imports: ["failure.ts"], packages: [gen] },
	"caller.ts": { imports: [] },
	"clock.ts": { imports: [] },
	"rates.ts": { imports: ["clock.ts"] },
	"failure.ts": { imports: [], packages: [gen] },
};

const server = "server/src/";
const client = "web-client/src/";
const importPattern =
	/^(?:import|export)\b.*\bfrom "([^"]+)"|^\} from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/;
/** Files that touch the process. */
const processFiles = ["main.ts", "process.ts"].map((file) => `${server}${file}`);
const processPattern = /\bprocess\.(?:env|argv|exit|exitCode|on|once|kill)\b/;

/** What a line imports; undefined: nothing. */
export function importedBy(line: string): string | undefined {
	return importPattern
		.exec(line)
		?.slice(1)
		.find((group) => group !== undefined);
}

/**
 * Finds the breaches in one source file.
 * @param file path from the repository's root, with forward slashes
 */
export function checkImports(file: string, text: string): ImportFault[] {
	const faults: ImportFault[] = [];
	for (const [index, source] of text.split("\n").entries()) {
		const specifier = importedBy(source);
		const rule = specifier === undefined ? processRule(file, source) : importRule(file, specifier);
		if (rule !== undefined) faults.push({ file, line: index + 1, rule });
	}
	return faults;
}

function processRule(file: string, source: string): string | undefined {
	if (!file.startsWith(server) || processFiles.includes(file)) return undefined;
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
	return isOwn ? undefined : "web-client imports its own files only";
}

function serverRule(
	path: string,
	specifier: string,
	target: string | undefined,
): string | undefined {
	if (target !== undefined && !target.startsWith(server)) {
		return "server/src imports its own files only";
	}
	if (specifier.startsWith("@novasphere/wukong-client")) return "the server knows no client";
	if (path === "main.ts") return target === undefined ? undefined : mainRule(target);
	if (path === "process.ts") return undefined;
	const name = roomOf(path);
	const room = name === undefined ? undefined : rooms[name];
	if (name === undefined || room === undefined) {
		return `server/src/${path} is in no room: see docs/architecture.md`;
	}
	if (target === undefined) return packageRule(name, room, specifier);
	const to = target.slice(server.length);
	if (roomOf(to) === name || room.imports.some((prefix) => to.startsWith(prefix))) return undefined;
	const allowed = room.imports.length === 0 ? "no other room" : room.imports.join(", ");
	return `${name} may import ${allowed}`;
}

/** What is imported before Node is judged must itself load on any Node. */
function mainRule(target: string): string | undefined {
	const allowed = ["process.ts", "config/node-version.ts"].map((file) => `${server}${file}`);
	return allowed.includes(target) ? undefined : "main.ts imports the check of Node and process.ts";
}

function packageRule(name: string, { packages = [] }: Room, specifier: string): string | undefined {
	const found = guarded.find((prefix) => specifier.startsWith(prefix));
	if (found === undefined || packages.includes(found)) return undefined;
	const owners = Object.entries(rooms).flatMap(([owner, { packages = [] }]) =>
		packages.includes(found) ? [owner] : [],
	);
	return `${name} knows no ${found}: only ${owners.join(", ")} do`;
}

/** The longest path of the table that fits. */
function roomOf(path: string): string | undefined {
	return Object.keys(rooms)
		.filter((prefix) => (prefix.endsWith("/") ? path.startsWith(prefix) : path === prefix))
		.sort((a, b) => b.length - a.length)[0];
}
