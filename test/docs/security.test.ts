import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { createCertificateFiles } from "../support/certificate.ts";
import { startFakeIssuer } from "../support/fake-issuer.ts";
import { collectOutput, untilGreeted } from "../support/greeting.ts";
import { fencedBlocks } from "./fenced-blocks.ts";

const page = readFileSync(join(root, "docs/security.md"), "utf8");
const main = join(root, "server/src/main.ts");

/** npm's script is the command itself: here it runs in a folder of the test. */
const npm = `npm() { while [ "$1" != -- ]; do shift; done; shift; node ${main} "$@"; }\n`;

let folder = "";
let server: ChildProcess | undefined;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-page-"));
});
afterEach(async () => {
	if (server?.kill() === true) await once(server, "close");
	server = undefined;
	await rm(folder, { recursive: true });
});

/** Runs commands; resolves to what they print, and to the variables that they set. */
async function run(script: string): Promise<{ readonly out: string; readonly key: string }> {
	const end = '\nprintf "\\0%s" "$KEY"\n';
	const child = spawn("bash", ["-e"], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
	let text = "";
	child.stdout.on("data", (chunk) => (text += chunk));
	child.stderr.on("data", (chunk) => (text += chunk));
	child.stdin.end(npm + script + end);
	const [code] = await once(child, "close");
	expect(code, text).toBe(0);
	const [out = "", key = ""] = text.split("\0");
	return { out, key };
}

/** Starts a service as a block says, on a port of its own and with its data in memory. */
async function startServer(command: string): Promise<string> {
	const flags = command.trim().split(" ").slice(3);
	const argv = [main, ...flags, "--port=0", "--data=:memory:"];
	const child = spawn("node", argv, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
	server = child;
	return untilGreeted(collectOutput(child));
}

/** The commands of a section, in their order. */
function commandsOf(section: string): string[] {
	const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
	return fencedBlocks(text).flatMap(({ kind, code }) => (kind === "sh" ? [code] : []));
}

test("the commands for API keys work as they stand", async () => {
	const [create = "", start = "", call = ""] = commandsOf("API keys");
	const { key } = await run(create);
	expect(key).toMatch(/^wk_[A-Za-z0-9_-]{43}$/);
	const url = await startServer(start);
	const here = call.replaceAll("http://127.0.0.1:8080", url);
	expect((await run(`KEY=${key}\n${here}`)).out).toContain('"resourceVersion"');
	expect((await run(`KEY=wk_x\n${here}`)).out).toContain('"UNAUTHENTICATED"');
}, 120_000);

test("the commands for stream tickets work as they stand", async () => {
	const [create = "", start = ""] = commandsOf("API keys");
	const { key } = await run(create);
	const url = await startServer(start);
	const [make = "", read = ""] = commandsOf("Stream tickets");
	// Each line that nobody reads any more ends curl.
	const script = `KEY=${key}\n${make}\n${read.trimEnd()} | head -n 5`
		.replaceAll("http://127.0.0.1:8080", url)
		.replace("team-a", "team-a&heartbeatInterval=1s");
	expect((await run(script)).out).toContain("event: synced");
}, 120_000);

test("the commands for OpenID Connect work as they stand", async () => {
	await using issuer = await startFakeIssuer({ nowMs: () => Date.now() });
	const [start = "", call = ""] = commandsOf("OpenID Connect");
	const url = await startServer(start.replace("https://login.example.com", issuer.url));
	const here = call.replaceAll("http://127.0.0.1:8080", url);
	const token = await issuer.sign({ aud: "wukong" });
	expect((await run(`TOKEN=${token}\n${here}`)).out).toContain('"resourceVersion"');
	expect((await run(`TOKEN=${await issuer.sign()}\n${here}`)).out).toContain('"UNAUTHENTICATED"');
}, 120_000);

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

test.runIf(hasOpenssl)(
	"the commands for client certificates work as they stand",
	async () => {
		const files = await createCertificateFiles();
		try {
			await copyFile(files.certFile, join(folder, "cert.pem"));
			await copyFile(files.keyFile, join(folder, "key.pem"));
			const [make = "", start = "", call = ""] = commandsOf("Client certificates");
			await run(make);
			const { port } = new URL(await startServer(start));
			const here = call.replaceAll("localhost:8080", `localhost:${port}`);
			expect((await run(here)).out).toContain('"resourceVersion"');
			const without = here.replace("--cert ci.pem --key ci-key.pem", "");
			expect((await run(without)).out).toContain('"UNAUTHENTICATED"');
		} finally {
			await files.remove();
		}
	},
	120_000,
);
