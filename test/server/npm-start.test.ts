import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { collectOutput, untilGreeted } from "../support/greeting.ts";
import { until } from "../support/until.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

let folder: string;
const groups: number[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-npm-"));
});
afterEach(async () => {
	for (const group of groups.splice(0)) {
		try {
			process.kill(-group, "SIGKILL");
		} catch {
			// It has ended, as it should.
		}
	}
	await rm(folder, { recursive: true });
});

/** npm and what it starts, in a group of processes of their own, as on a terminal. */
function npm(cwd: string, ...argv: string[]) {
	const child = spawn("npm", argv, { cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
	const group = child.pid ?? Number.NaN;
	groups.push(group);
	// "close" comes when nobody holds the pipes any more: neither npm nor what it started.
	return Object.assign(collectOutput(child), { child, group, closed: once(child, "close") });
}

async function startedByNpm() {
	const data = join(folder, "wukong.db");
	const ran = npm(root, "start", "--", "--port=0", `--data=${data}`);
	await untilGreeted(ran);
	return ran;
}

describe("npm start", () => {
	test.each(["SIGTERM", "SIGINT"] as const)(
		"ends the service when npm alone gets %s, as from kill or a supervisor",
		async (signal) => {
			const ran = await startedByNpm();
			ran.child.kill(signal);
			await ran.closed;
			expect(ran.err).toContain('"msg":"stopped"');
		},
	);

	test.each(["SIGTERM", "SIGINT"] as const)(
		"ends the service in order when the whole group gets %s, which npm then passes on once more",
		async (signal) => {
			const ran = await startedByNpm();
			process.kill(-ran.group, signal);
			await ran.closed;
			expect(ran.err).toContain('"msg":"stopped"');
		},
	);
});

test("npm run watch of what is no URL says so in one line", async () => {
	const ran = npm(root, "run", "--silent", "watch", "--", "nonsense");
	await ran.closed;
	expect(ran.err.trim()).toMatch(/^"nonsense" is no URL, as .*$/);
	expect(ran.child.exitCode).toBe(1);
});

test("npm run watch where no service is says so in one line, and goes on trying", async () => {
	const ran = npm(root, "run", "--silent", "watch", "--", "http://127.0.0.1:9");
	await until("it says that nobody answers", () => ran.out.includes("nobody answers"));
	expect(ran.child.exitCode).toBe(null);
	ran.child.kill("SIGTERM");
	await ran.closed;
	const said = ran.out.trim().split("\n");
	expect(said.filter((line) => line.includes("nobody answers"))).toEqual([
		"# nobody answers at http://127.0.0.1:9; trying again (`npm start` starts a server)",
	]);
	expect(ran.err).toBe("");
});

describe("the packed package", () => {
	test("starts by its command", async () => {
		const packed = spawnSync(
			"npm",
			["pack", "--workspace", "server", "--json", "--ignore-scripts", "--pack-destination", folder],
			{ cwd: root, encoding: "utf8" },
		);
		const [{ filename, files }] = Object.values(JSON.parse(packed.stdout)) as [
			{ filename: string; files: { path: string; mode: number }[] },
		];
		expect(files.map(({ path }) => path)).toContain("bin/wukong-server.js");
		await install(join(folder, filename));

		const ran = npm(folder, "exec", "--offline", "--no", "--", "wukong-server", "--port=0");
		await untilGreeted(ran);
		expect(ran.out).toContain("WukongService listens on http://127.0.0.1:");
		// What its greeting says works where it is printed: there is no script of npm.
		expect(ran.out).not.toContain("npm run");
		if (!hasCurl) return;
		const watch = ran.out.split("  watch:\n")[1]?.split("\n\n")[0] ?? "";
		const shell = spawn("sh", ["-c", watch], { cwd: folder, detached: true });
		groups.push(shell.pid ?? Number.NaN);
		let seen = "";
		shell.stdout.on("data", (part) => (seen += part));
		await until("the watch is in sync", () => seen.includes("SYNCED"));
	});
});

/** Puts a package and links to what it needs where npm would. */
async function install(archive: string): Promise<void> {
	const modules = join(folder, "node_modules");
	const place = join(modules, "@novasphere/wukong-server");
	await mkdir(place, { recursive: true });
	expect(spawnSync("tar", ["-xzf", archive, "-C", place, "--strip-components=1"]).status).toBe(0);
	const { dependencies } = JSON.parse(readFileSync(join(root, "server/package.json"), "utf8"));
	const needed = new Set(Object.keys(dependencies).map((name) => name.split("/")[0] as string));
	needed.delete("@novasphere");
	for (const name of [...needed, "@novasphere/wukong-gen"]) {
		await mkdir(dirname(join(modules, name)), { recursive: true });
		await symlink(join(root, "node_modules", name), join(modules, name));
	}
	await mkdir(join(modules, ".bin"));
	const bin = "../@novasphere/wukong-server/bin/wukong-server.js";
	await symlink(bin, join(modules, ".bin/wukong-server"));
}
