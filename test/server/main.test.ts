import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
	WukongEvent_Type as EventType,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reasonIn } from "../../server/src/service/errors/connect-error.ts";
import { collectOutput, untilGreeted } from "../support/greeting.ts";
import { until } from "../support/until.ts";

const main = fileURLToPath(new URL("../../server/src/main.ts", import.meta.url));

/**
 * Runs before the service, in its worker too: throws from outside of any call on a signal, and
 * lets commits fail as on a broken disk once the file BROKEN_DISK is there.
 */
const planted = `
	import { existsSync } from "node:fs";
	import { DatabaseSync } from "node:sqlite";
	process.once("SIGUSR2", () => { throw new Error("planted") });
	const exec = DatabaseSync.prototype.exec;
	DatabaseSync.prototype.exec = function (sql) {
		if (sql === "COMMIT" && existsSync(process.env.BROKEN_DISK)) {
			throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
		}
		return exec.call(this, sql);
	};
`;

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

function brokenDisk(): string {
	return join(directory, "disk-is-broken");
}

/** Runs the service as a person would, with output collected. */
function run(argv: readonly string[], environment: Record<string, string> = {}) {
	const preload = ["--import", `data:text/javascript,${encodeURIComponent(planted)}`];
	const child = spawn(process.execPath, [...preload, main, ...argv], {
		env: { PATH: process.env.PATH, BROKEN_DISK: brokenDisk(), ...environment },
		stdio: ["ignore", "pipe", "pipe"],
	});
	children.push(child);
	return Object.assign(collectOutput(child), {
		child,
		exit: once(child, "close").then(([code]) => code),
	});
}

async function started(...argv: string[]) {
	const ran = run(["--port=0", `--data=${join(directory, "wukong.db")}`, ...argv]);
	return Object.assign(ran, { url: await untilGreeted(ran) });
}

/** Watches until the stream ends; `end` is why. */
async function watching(url: string) {
	const client = createClient(WukongService, createGrpcTransport({ baseUrl: url }));
	const types: EventType[] = [];
	const read = async () => {
		for await (const { type } of client.watchWukong({})) types.push(type);
	};
	const end = read().catch((error: unknown) => reasonIn(ConnectError.from(error)));
	await until("the stream is in sync", () => types.includes(EventType.SYNCED));
	return { client, types, end };
}

/** Begins a call of GetWukong and leaves its last byte out. */
async function halfSentCall(url: string): Promise<Socket> {
	const { port, hostname } = new URL(url);
	const socket = connect(Number(port), hostname, () => {
		socket.write(
			`POST /novasphere.v1.WukongService/GetWukong HTTP/1.1\r\nhost: ${hostname}\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n`,
		);
	});
	socket.on("error", () => {});
	// The service has begun with it.
	expect(String((await once(socket, "data"))[0])).toBe("HTTP/1.1 100 Continue\r\n\r\n");
	socket.write('{"name":"vm-0"');
	return socket;
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

	test("on SIGTERM ends streams and lets a call in flight finish, however long it may wait", async () => {
		const ran = await started("--seed=1", "--shutdown-grace-ms=600000");
		const { types, end } = await watching(ran.url);
		const socket = await halfSentCall(ran.url);
		let answer = "";
		socket.on("data", (part) => {
			answer += part;
		});
		ran.child.kill("SIGTERM");
		expect(await end).toBe("SHUTTING_DOWN");
		expect(types.at(-1)).toBe(EventType.HEARTBEAT);
		expect(answer).toBe("");
		socket.write("}");
		expect(await ran.exit).toBe(0);
		await until("the answer has come", () => answer.includes('"name":"vm-0"'));
		expect(answer).toMatch(/^HTTP\/1\.1 200 /);
	});

	test("exits with 1 when its store fails, after its callers have heard of it", async () => {
		const ran = await started("--seed=1");
		const { client, types, end } = await watching(ran.url);
		await writeFile(brokenDisk(), "");
		const deletion = client.deleteWukong({ name: "vm-0" });
		const reason = await deletion.catch((error: unknown) => reasonIn(ConnectError.from(error)));
		expect(reason).toBe("WRITE_OUTCOME_UNKNOWN");
		expect(await end).toBe("SHUTTING_DOWN");
		expect(types.at(-1)).toBe(EventType.HEARTBEAT);
		expect(await ran.exit).toBe(1);
		expect(ran.err).toMatch(/"level":"fatal".*the store has failed/);
	});

	test("ends at once on a second signal", async () => {
		const ran = await started("--shutdown-grace-ms=600000");
		const socket = await halfSentCall(ran.url);
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
		const second = run(["--port=0", `--data=${join(directory, "wukong.db")}`]);
		expect(await second.exit).toBe(1);
		expect(second.err.trim().split("\n")).toHaveLength(1);
		expect(second.err).toContain(join(directory, "wukong.db"));
	});

	test("on a port that is taken says so in one line and exits with 1", async () => {
		const { url } = await started();
		const data = join(directory, "unmade", "wukong.db");
		const ran = run([`--port=${new URL(url).port}`, `--data=${data}`]);
		expect(await ran.exit).toBe(1);
		expect(ran.err.trim().split("\n")).toHaveLength(1);
		expect(ran.err).toContain("EADDRINUSE");
		expect(ran.err).toContain("--port (0: any free one)");
		expect(existsSync(join(directory, "unmade"))).toBe(false);
	});

	test.each([
		["/proc/nope/x.db", 1],
		["/dev/null/x.db", 1],
		["/tmp/", 2],
	])("on the data file %s says so in one line and exits with %i", async (data, code) => {
		const ran = run(["--port=0", `--data=${data}`]);
		expect(await ran.exit).toBe(code);
		expect(ran.err.trim().split("\n")).toHaveLength(1);
		expect(ran.err).toContain(code === 1 ? data : "--data must be a file");
	});

	// In a pod there is one.
	test.skipIf(existsSync("/var/run/secrets/kubernetes.io/serviceaccount/token"))(
		"on a cluster without a kubeconfig says where it looked and exits with 1",
		async () => {
			const ran = run(["--port=0", "--store=kubernetes"], { HOME: directory });
			expect(await ran.exit).toBe(1);
			expect(ran.err.trim().split("\n")).toHaveLength(1);
			expect(ran.err).toMatch(/no kubeconfig found: looked at KUBECONFIG.*--kubeconfig/);
		},
	);
});

test("--help prints the options and exits with 0", async () => {
	const ran = run(["--help"]);
	expect(await ran.exit).toBe(0);
	expect(ran.out).toContain("WUKONG_PORT");
});
