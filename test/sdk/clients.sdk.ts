import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { type RunningApp, startApp } from "../support/running-app.ts";

const sdk = join(root, ".cache/sdk");
const run = promisify(execFile);

const { dependencies } = JSON.parse(readFileSync(join(root, "server/package.json"), "utf8"));

let app: RunningApp;
beforeAll(async () => {
	app = await startApp();
});
afterAll(() => app.close());

const environment = () => ({ ...process.env, WUKONG_ADDRESS: new URL(app.url).host });

test("Go: creates, watches, resumes after a cut, reads an error's reason; a mock stands in for the service", async () => {
	const cwd = join(root, "test/sdk/go");
	const { stdout } = await run("go", ["test", "-count=1", "-v", "./..."], {
		cwd,
		env: environment(),
	});
	expect(stdout.match(/^--- PASS/gm)).toHaveLength(3);
});

test("Python: the same, and the same again before the fake", async () => {
	const python = join(sdk, "python-environment/bin/python");
	const args = [join(root, "test/sdk/python/test_client.py"), "-v"];
	const { stderr } = await run(python, args, { cwd: tmpdir(), env: environment() });
	expect(stderr).toMatch(/Ran 6 tests/);
	expect(stderr).toMatch(/\nOK\n/);
});

test("TypeScript: the packed package, installed into an empty folder, does the same in Node", async () => {
	const folder = mkdtempSync(join(tmpdir(), "wukong-sdk-"));
	try {
		const [tarball = ""] = readdirSync(join(sdk, "typescript"));
		writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
		const packages = [join(sdk, "typescript", tarball), ...peers];
		await run("npm", ["install", "--loglevel=error", "--no-audit", "--no-fund", ...packages], {
			cwd: folder,
		});
		writeFileSync(join(folder, "client.js"), typeScriptClient);
		const args = [join(folder, "client.js")];
		const { stdout } = await run(process.execPath, args, { cwd: folder, env: environment() });
		expect(stdout).toBe("resumed\nWUKONG_NOT_FOUND\n");
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

/** The package's peers and what carries them in Node, all of one version, as here. */
const peers = ["connect", "connect-web", "connect-node"].map(
	(name) => `@connectrpc/${name}@${dependencies["@connectrpc/connect"]}`,
);

const typeScriptClient = `
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createWukongClient, ErrorReason, reasonOf, WukongEvent_Type, WukongService } from "@novasphere/wukong-client";

const transport = createGrpcTransport({ baseUrl: "http://" + process.env.WUKONG_ADDRESS });
const client = createWukongClient({ transport });
const plain = createClient(WukongService, transport);
const spec = { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi" }] };
const namespace = "typescript";
await client.create({ name: "first", namespace, spec });
const cut = new AbortController();
let resourceVersion = "";
try {
	for await (const event of plain.watchWukong({ namespace }, { signal: cut.signal })) {
		resourceVersion = event.resourceVersion;
		if (event.type === WukongEvent_Type.SYNCED) cut.abort();
	}
} catch {}
await client.create({ name: "missed", namespace, spec });
const end = new AbortController();
try {
	for await (const event of plain.watchWukong({ namespace, resourceVersion }, { signal: end.signal })) {
		if (event.type === WukongEvent_Type.RESET) throw new Error("the token was not taken");
		if (event.wukong?.name === "first") throw new Error("it started over");
		if (event.wukong?.name !== "missed") continue;
		console.log("resumed");
		end.abort();
	}
} catch (error) {
	if (!end.signal.aborted) throw error;
}
try {
	await client.get({ name: "nobody" });
} catch (error) {
	console.log(ErrorReason[reasonOf(error)]);
}
`;
