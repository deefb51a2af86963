import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createTally } from "../load/tally.ts";
import { createWatches } from "../load/watches.ts";
import { seedPayload } from "../payload/payload.ts";
import { createPayloadStore } from "../payload/payload-store.ts";
import { createRoster, type ServerName } from "./roster.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import type { ServerSpec } from "./server-spec.ts";

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
	for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function start(spec: ServerSpec): Promise<ServerProcess> {
	const folder = mkdtempSync(join(tmpdir(), "wukong-bench-"));
	cleaning.push(() => rmSync(folder, { recursive: true }));
	const { folder: payloadFolder } = createPayloadStore(folder)(3);
	const server = await startServer(spec, {
		prefix: [],
		payloadFolder,
		logPath: join(folder, "log"),
	});
	cleaning.push(server.stop);
	return server;
}

const known = (name: ServerName) => createRoster({}).get(name) ?? expect.fail(name);
const inline = (program: string): ServerSpec => ({
	name: "inline",
	command: () => [process.execPath, "-e", program],
	readAddresses: (printed) => {
		const url = new URL("http://127.0.0.1");
		return printed === "" ? undefined : { http1: url, http2: url };
	},
});

test("a server tells what it has used, and its VMs change from its own timer", async () => {
	const server = await start(known("raw"));
	expect(await server.cpuMs()).toBeGreaterThan(0);
	const { rssBytes, heapBytes } = await server.memory();
	expect(rssBytes).toBeGreaterThan(heapBytes);

	const tally = createTally();
	const faults: string[] = [];
	const watches = createWatches({
		server,
		wire: "grpc",
		payload: seedPayload(3),
		tally,
		onFault: (text) => faults.push(text),
	});
	cleaning.push(watches.close);
	await watches.open(2);
	server.play({ first: 0, count: 5, bursts: 3, intervalMs: 1 });
	expect(await tally.reach(2 * 5 * 3, 60_000)).toBe(true);
	expect(faults).toEqual([]);
});

test("a server that does not start says why", async () => {
	const dying = start(inline('console.error("no room"); process.exit(3)'));
	await expect(dying).rejects.toThrow("inline ended with 3: no room");
});

test("a question to a server that has ended is answered with its last words", async () => {
	const server = await start(
		inline(
			'console.log("here"); setTimeout(() => { console.error("bad luck"); process.exit(1); })',
		),
	);
	await expect(server.cpuMs()).rejects.toThrow("inline has ended: bad luck");
});
