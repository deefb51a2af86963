import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../support/until.ts";

const main = fileURLToPath(new URL("../../server/src/main.ts", import.meta.url));

/** Throws from outside of any call when it is told to. */
const planted = 'process.once("SIGUSR2", () => { throw new Error("planted") })';

let directory: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "wukong-main-"));
});
afterEach(async () => {
	for (const child of children.splice(0)) {
		if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
	}
	await rm(directory, { recursive: true });
});

/** Runs the service as a person would, with output collected. */
function run(argv: readonly string[], environment: Record<string, string> = {}) {
	const preload = ["--import", `data:text/javascript,${encodeURIComponent(planted)}`];
	const child = spawn(process.execPath, [...preload, main, ...argv], {
		env: { PATH: process.env.PATH, ...environment },
		stdio: ["ignore", "pipe", "pipe"],
	});
	children.push(child);
	const ran = { child, out: "", err: "", exit: once(child, "close").then(([code]) => code) };
	child.stdout.on("data", (part) => {
		ran.out += part;
	});
	child.stderr.on("data", (part) => {
		ran.err += part;
	});
	return ran;
}

async function started(...argv: string[]) {
	const ran = run(["--port=0", `--data=${join(directory, "wukong.db")}`, ...argv]);
	await until(
		"the service listens",
		() => ran.out.includes("Ctrl-C") || ran.child.exitCode !== null,
	);
	const url = /http:\/\/127\.0\.0\.1:[0-9]+/.exec(ran.out)?.[0] ?? "";
	return Object.assign(ran, { url });
}

describe("the process", () => {
	test("greets with its URL, where the data lives and what to try, and serves", async () => {
		const { out, url } = await started("--seed=5");
		for (const text of [
			join(directory, "wukong.db"),
			"ListWukongs",
			"CreateWukong",
			"npm run watch",
		]) {
			expect(out).toContain(text);
		}
		const answer = await fetch(`${url}/novasphere.v1.WukongService/ListWukongs`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: "{}",
		});
		expect((await answer.json()).wukongs).toHaveLength(5);
	});

	test.each(["SIGTERM", "SIGINT"] as const)("exits with 0 on %s", async (signal) => {
		const ran = await started();
		ran.child.kill(signal);
		expect(await ran.exit).toBe(0);
		const lines = ran.err
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line).msg);
		expect(lines).toEqual(["listening", "shutting down", "stopped"]);
	});

	test("ends at once on a second signal", async () => {
		const ran = await started("--shutdown-grace-ms=600000");
		const { port, hostname } = new URL(ran.url);
		const socket = connect(Number(port), hostname, () => {
			socket.write(
				`POST /novasphere.v1.WukongService/GetWukong HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
			);
		});
		socket.on("error", () => {});
		// A page that comes after it shows that the half-sent call has arrived.
		await once(socket, "connect");
		await fetch(`${ran.url}/livez`);
		ran.child.kill("SIGTERM");
		await until("the shutdown has begun", () => ran.err.includes("shutting down"));
		ran.child.kill("SIGTERM");
		expect(await ran.exit).toBe(130);
		socket.destroy();
	});

	test("exits on SIGTERM though nobody reads its log", async () => {
		const ran = await started();
		ran.child.stderr.pause();
		// More than pipe and reader hold: each refused call is a line of some 200 bytes.
		for (let round = 0; round < 30; round++) {
			const calls = Array.from({ length: 100 }, () => fetch(`${ran.url}/nothing/here`));
			await Promise.all((await Promise.all(calls)).map((answer) => answer.text()));
		}
		ran.child.kill("SIGTERM");
		const [code] = await once(ran.child, "exit");
		expect(code).toBe(0);
	});

	test("exits with 1 after an uncaught exception, and logs it", async () => {
		const ran = await started();
		ran.child.kill("SIGUSR2");
		expect(await ran.exit).toBe(1);
		expect(ran.err).toMatch(/"level":"fatal".*planted/);
	});
});

describe("a process that cannot start", () => {
	test("lists every fault of its configuration and exits with 2", async () => {
		const ran = run(["--port=x", "--seeed=1"], { WUKONG_LOG_LEVEL: "loud" });
		expect(await ran.exit).toBe(2);
		expect(ran.err.trim().split("\n")).toHaveLength(3);
		expect(ran.err).toContain("did you mean --seed?");
		expect(ran.out).toBe("");
	});

	test("on a data file that another process uses says so in one line and exits with 1", async () => {
		await started();
		const second = await started();
		expect(await second.exit).toBe(1);
		expect(second.err.trim().split("\n")).toHaveLength(1);
		expect(second.err).toContain(join(directory, "wukong.db"));
	});

	test("on a port that is taken says so in one line and exits with 1", async () => {
		const { url } = await started();
		const ran = run([`--port=${new URL(url).port}`, "--data=:memory:"]);
		expect(await ran.exit).toBe(1);
		expect(ran.err.trim().split("\n")).toHaveLength(1);
		expect(ran.err).toContain("EADDRINUSE");
	});
});

test("--help prints the options and exits with 0", async () => {
	const ran = run(["--help"]);
	expect(await ran.exit).toBe(0);
	expect(ran.out).toContain("WUKONG_PORT");
});
