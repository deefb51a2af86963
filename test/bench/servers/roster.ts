import { fileURLToPath } from "node:url";
import type { Addresses, ServerSpec } from "./server-spec.ts";

/** VMs that a server has, where a case does not say otherwise. */
export const usualObjects = 100;

const goNames = ["gin", "echo", "fiber", "connect-go", "grpc-go"] as const;

/** Every server that a case may name. */
export type ServerName =
	| "ours"
	| "ours, quiet"
	| "npm start"
	| "stock"
	| "raw"
	| "fastify"
	| "grpc-js"
	| (typeof goNames)[number];

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const node = (...args: readonly string[]) => [
	process.execPath,
	"--import",
	new URL("../peers/control.ts", import.meta.url).href,
	...args,
];

/**
 * All servers that can be started here.
 * @param goProgram what `buildGoServers` has built; undefined: without them
 */
export function createRoster(goProgram: string | undefined): ReadonlyMap<ServerName, ServerSpec> {
	const peer = (name: ServerName, program: string, ...args: readonly string[]): ServerSpec => ({
		name,
		command: (payloadFolder) => node(file(`../peers/${program}-child.ts`), payloadFolder, ...args),
		readAddresses: readBoth,
	});
	const roster = new Map<ServerName, ServerSpec>([
		["ours", peer("ours", "ours")],
		["ours, quiet", peer("ours, quiet", "ours", "quiet")],
		["npm start", whole],
		["stock", peer("stock", "stock")],
		["raw", peer("raw", "raw")],
		["fastify", peer("fastify", "fastify")],
		["grpc-js", peer("grpc-js", "grpc-js")],
	]);
	for (const name of goProgram === undefined ? [] : goNames) {
		roster.set(name, {
			name,
			command: (payloadFolder) => [goProgram ?? "", name, payloadFolder],
			environment: { GOMAXPROCS: "1" },
			readAddresses: readBoth,
		});
	}
	return roster;
}

/** The service from its own main program, with the embedded store in memory. */
const whole: ServerSpec = {
	name: "ours",
	command: () =>
		node(
			file("../../../server/src/main.ts"),
			...["--port", "0", "--data", ":memory:", "--seed", `${usualObjects}`],
		),
	readAddresses(printed) {
		const found = /listens on (http:\S+)\n/.exec(printed)?.[1];
		return found === undefined ? undefined : { http1: new URL(found), http2: new URL(found) };
	},
};

function readBoth(printed: string): Addresses | undefined {
	const http1 = /^http1 (http:\S+)$/m.exec(printed)?.[1];
	const http2 = /^http2 (http:\S+)\n/m.exec(printed)?.[1];
	if (http1 === undefined || http2 === undefined) return undefined;
	return { http1: new URL(http1), http2: new URL(http2) };
}
