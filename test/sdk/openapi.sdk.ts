import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { examples } from "../../scripts/openapi/examples.ts";
import { root } from "../../scripts/source-files.ts";
import { type RunningApp, startApp } from "../support/running-app.ts";

const programs = join(root, ".cache/sdk/openapi-environment/bin");
const description = join(root, "gen/openapi/openapi.json");
const run = promisify(execFile);

let app: RunningApp;
let folder: string;
beforeEach(async () => {
	app = await startApp("--seed=2");
	folder = mkdtempSync(join(tmpdir(), "wukong-openapi-"));
});
afterEach(async () => {
	await app.close();
	rmSync(folder, { recursive: true, force: true });
});

/** A program that failed is quoted: its status alone says nothing. */
function told({ stdout, stderr }: { stdout?: string; stderr?: string }): never {
	throw new Error(`${stdout}\n${stderr}`);
}

test("requests made up by the description are never an internal error, and each answer fits its schema", async () => {
	const { stdout } = await run(
		join(programs, "schemathesis"),
		[
			...["--config-file", join(root, "test/sdk/openapi/schemathesis.toml")],
			...["run", `${app.url}/openapi.json`, "--no-color", "--generation-deterministic"],
			...["--phases=examples,coverage,fuzzing", "--max-examples=10", "--workers=1"],
			"--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance",
			// Streams and waits would go on until the caller leaves, which this program counts as a fault.
			...["--header", "Connect-Timeout-Ms: 200"],
			// The other places of a method are the same method.
			"--exclude-operation-id-regex=BySubpath|InNamespace",
		],
		{ cwd: folder, maxBuffer: 64 * 1024 * 1024 },
	).catch(told);
	expect(Number(/(\d+) generated, \1 passed/.exec(stdout)?.[1])).toBeGreaterThan(1_000);
	// All methods, with watches and the wait; PUT beside PATCH, and two that are asked by GET and by POST.
	expect(stdout).toMatch(/Selected: 19\/\d+\n {2}Tested: 19\n/);
});

test("a client that a public generator makes from it works as it comes", async () => {
	const client = join(folder, "wukong_client");
	await run(
		join(programs, "openapi-python-client"),
		[
			...["generate", "--path", description, "--output-path", client, "--meta", "none"],
			"--fail-on-warning",
		],
		{ env: { ...process.env, PATH: `${programs}:${process.env.PATH}` } },
	).catch(told);
	const args = [join(root, "test/sdk/openapi/client.py"), app.url];
	const env = { ...process.env, PYTHONPATH: folder };
	const { stdout } = await run(join(programs, "python"), args, { env });
	expect(stdout.split("\n")).toEqual([
		"201 /api/v1/namespaces/default/wukongs/generated",
		"True",
		"['generated', 'vm-0', 'vm-1']",
		"WUKONG_NOT_FOUND",
		"",
	]);
});

test("each example of the description works as it is", async () => {
	const ask = async (method: string, path: string, body: unknown) => {
		const headers = { "content-type": "application/json" };
		const leave = new AbortController();
		const init = { method, headers, body: JSON.stringify(body), signal: leave.signal };
		const { status } = await fetch(`${app.url}/api/v1/${path}`, init);
		leave.abort();
		return status;
	};
	const send = (method: string, path: string, body: unknown) => ask(method, `wukongs${path}`, body);
	expect(await send("POST", "", examples.CreateWukong)).toBe(201);
	expect(await send("PATCH", "/web-1", examples.UpdateWukong)).toBe(200);
	expect(await send("POST", "/web-1:stop", examples.StopWukong)).toBe(200);
	expect(await send("POST", "/web-1:start", examples.StartWukong)).toBe(200);
	expect(await ask("POST", "access/check", examples.CheckAccess)).toBe(200);
	expect(await ask("POST", "access/watch", examples.WatchAccess)).toBe(200);
	expect(await ask("POST", "access/tickets", examples.CreateStreamTicket)).toBe(200);
	const ofAccess = ["CheckAccess", "WatchAccess", "CreateStreamTicket"];
	const sent = ["CreateWukong", "UpdateWukong", "StopWukong", "StartWukong", ...ofAccess];
	expect(Object.keys(examples).sort()).toEqual(sent.sort());
});
