import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";

const promised = (version: string) =>
	`wukong-server: Node ${version} lacks security fixes: use 24.18.1, 26.5.1 or newer (in a clone, \`npm start\` brings its own)\n`;

/** Lets this Node pass for another one, and lets nothing be imported but what judges it. */
function pretending(version: string): string[] {
	const preload = `
		import { registerHooks } from "node:module";
		Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(version)} });
		registerHooks({
			resolve(specifier, context, next) {
				const known = /(?:main|node-version|wukong-server)\\.(?:ts|js)$/.test(specifier);
				if (!known) throw new Error("no such module on an old Node: " + specifier);
				return next(specifier, context);
			},
		});
	`;
	return ["--import", `data:text/javascript,${encodeURIComponent(preload)}`];
}

/** A Node of this machine that is older than any that the service runs on. */
const oldNode = (process.env.PATH ?? "")
	.split(delimiter)
	.map((folder) => join(folder, "node"))
	.filter((path) => existsSync(path))
	.map((path) => ({
		path,
		version: spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout.trim(),
	}))
	.find(({ version }) => Number.parseInt(version, 10) < 24);

function run(node: string, ...argv: string[]) {
	const { status, stdout, stderr } = spawnSync(node, argv, { cwd: root, encoding: "utf8" });
	return { status, stdout, stderr };
}

describe("Node is judged before anything is imported that an old one lacks, with exit code 2", () => {
	const entries = ["server/src/main.ts", "server/dist/main.js", "server/bin/wukong-server.js"];

	describe.each(entries)("%s", (entry) => {
		test.each(["18.20.8", "20.20.2", "22.23.3", "24.18.0"])("Node %s", (version) => {
			expect(run(process.execPath, ...pretending(version), entry, "--help")).toEqual({
				status: 2,
				stdout: "",
				stderr: promised(version),
			});
		});
	});

	// TypeScript sources cannot be opened by a Node that does not know their extension.
	test.skipIf(oldNode === undefined).each(entries.slice(1))(
		`%s on the machine's own Node ${oldNode?.version ?? "(which is not old)"}`,
		(entry) => {
			expect(run(oldNode?.path ?? "", entry)).toEqual({
				status: 2,
				stdout: "",
				stderr: promised(oldNode?.version ?? ""),
			});
		},
	);
});

test("the command of the package is a file that a shell can run", () => {
	const path = join(root, "server/bin/wukong-server.js");
	expect(statSync(path).mode & 0o111).toBe(0o111);
	expect(run(path, "--help")).toMatchObject({ status: 0, stderr: "" });
});
