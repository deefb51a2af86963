import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../../scripts/source-files.ts";
import type { Addresses, ServerSpec } from "./server-spec.ts";

/** VMs that a server has, where a case does not say otherwise. */
export const usualObjects = 100;

/** Servers that `buildGoServers` builds. */
export const goNames = [
	"gin",
	"gin-shared",
	"chi",
	"echo",
	"fiber",
	"fiber-shared",
	"connect-go",
	"grpc-go",
] as const;

/** Every server that a case may name. */
export type ServerName =
	| "ours"
	| "ours, quiet"
	| "ours, Connect JSON"
	| "npm start"
	| "in memory"
	| "on disk"
	| "before"
	| "before, in memory"
	| "before, on disk"
	| "stock"
	| "raw"
	| "fastify"
	| "express"
	| "express-shared"
	| "fastapi"
	| "grpc-js"
	| (typeof goNames)[number];

/** What was built or is given beside this checkout. */
export interface RosterOptions {
	/** What `buildGoServers` has built. Default: without them. */
	readonly goProgram?: string | undefined;
	/** What `installExpress` and `installFastApi` have installed. Default: without them. */
	readonly express?: readonly string[] | undefined;
	readonly fastapi?: readonly string[] | undefined;
	/** Another checkout of this repository, installed, as it was before a change. Default: none. */
	readonly beside?: string | undefined;
}

/** All servers that can be started here. */
export function createRoster(options: RosterOptions): ReadonlyMap<ServerName, ServerSpec> {
	const { goProgram, express, fastapi, beside } = options;
	const roster = new Map<ServerName, ServerSpec>([
		["npm start", whole("ours", root, inMemory)],
		["in memory", whole("in memory", root, inMemory)],
		["on disk", whole("on disk", root, onDisk)],
	]);
	const add = (
		name: ServerName,
		command: ServerSpec["command"],
		more: Pick<ServerSpec, "environment" | "warmsQuickly"> = {},
	) => roster.set(name, { name, command, readAddresses: readBoth, ...more });
	const addPeer = (name: ServerName, program: string, ...args: readonly string[]) =>
		add(name, (payloadFolder) => peer(root, program, payloadFolder, ...args));
	addPeer("ours", "ours");
	addPeer("ours, quiet", "ours", "quiet");
	addPeer("ours, Connect JSON", "ours");
	for (const name of ["stock", "raw", "fastify", "grpc-js"] as const) {
		addPeer(name, name);
	}
	if (express !== undefined) {
		add("express", (payloadFolder) => [...node(root), ...express, payloadFolder]);
		add("express-shared", (payloadFolder) => [
			...node(root),
			...express,
			...[payloadFolder, "shared"],
		]);
	}
	if (fastapi !== undefined) {
		add("fastapi", (payloadFolder) => [...fastapi, payloadFolder], { warmsQuickly: true });
	}
	if (goProgram !== undefined) {
		for (const name of goNames) {
			add(name, (payloadFolder) => [goProgram, name, payloadFolder], {
				environment: { GOMAXPROCS: "1" },
				warmsQuickly: true,
			});
		}
	}
	if (beside !== undefined) {
		add("before", (payloadFolder) => peer(beside, "ours", payloadFolder));
		roster.set("before, in memory", whole("before, in memory", beside, inMemory));
		roster.set("before, on disk", whole("before, on disk", beside, onDisk));
	}
	return roster;
}

/** Node, with a checkout's end of the pipe that the benchmark asks. */
function node(checkout: string): string[] {
	const control = pathToFileURL(join(checkout, "test/bench/peers/control.ts")).href;
	return [process.execPath, "--import", control];
}

function peer(checkout: string, program: string, ...args: readonly string[]): string[] {
	return [...node(checkout), join(checkout, `test/bench/peers/${program}-child.ts`), ...args];
}

const inMemory = () => ":memory:";
/** A new file for each start; it goes with the payload's folder. */
const onDisk = (payloadFolder: string) => join(payloadFolder, `${randomUUID()}.db`);

/** The service from its own main program, with the embedded store. */
function whole(
	name: string,
	checkout: string,
	dataFile: (payloadFolder: string) => string,
): ServerSpec {
	return {
		name,
		command: (payloadFolder) => [
			...node(checkout),
			join(checkout, "server/src/main.ts"),
			...["--port", "0", "--data", dataFile(payloadFolder), "--seed", `${usualObjects}`],
		],
		readAddresses(printed) {
			const found = /listens on (http:\S+)\n/.exec(printed)?.[1];
			return found === undefined ? undefined : { http1: new URL(found), http2: new URL(found) };
		},
	};
}

function readBoth(printed: string): Addresses | undefined {
	const http1 = /^http1 (http:\S+)$/m.exec(printed)?.[1];
	const http2 = /^http2 (http:\S+)\n/m.exec(printed)?.[1];
	if (http1 === undefined || http2 === undefined) return undefined;
	return { http1: new URL(http1), http2: new URL(http2) };
}
