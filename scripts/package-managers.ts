// Installs the web client's tarball into empty folders as users of other package managers do, and runs
// a program of it there: with pnpm, Yarn and Bun, and in Bun and Deno. These are npm packages, which
// only this check needs: they are installed, pinned, into a cache of their own.
import { execFileSync } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Step } from "./package-bundles.ts";
import { root } from "./source-files.ts";

const tools = { pnpm: "12.21.0", yarn: "1.22.22", bun: "1.4.5", deno: "2.9.6" };
const cache = join(root, "node_modules/.cache/wukong-package-managers");

/** What is installed, and the program that is run there. */
export interface ManagerCheck {
	readonly tarball: string;
	/** TypeScript that says `works`. */
	readonly program: string;
	readonly step: Step;
}

/** @throws where a tool cannot be had, or what it installed does not work */
export async function tryManagers({ tarball, program, step }: ManagerCheck): Promise<void> {
	await step(`package managers are there: ${describe()}`, installTools);
	const { peerDependencies, peerDependenciesMeta } = JSON.parse(
		readFileSync(join(root, "web-client/package.json"), "utf8"),
	);
	const peers = Object.entries<string>(peerDependencies)
		.filter(([name]) => !(name in peerDependenciesMeta))
		.map(([name, range]) => `${name}@${range}`);
	const node = [process.execPath];
	const ways = [
		{ name: "pnpm", add: [bin("pnpm"), "add", "--store-dir", ".store", tarball], runs: node },
		{ name: "Yarn with its peers named", add: [bin("yarn"), "add", tarball, ...peers], runs: node },
		{ name: "Bun", add: [bin("bun"), "add", tarball], runs: [bin("bun"), "run"] },
		{
			name: "npm, for Deno",
			add: ["npm", "install", "--no-audit", "--no-fund", tarball],
			runs: [bin("deno"), "run", "--allow-all", "--node-modules-dir=manual"],
		},
	];
	for (const { name, add, runs } of ways) {
		await step(`it installs alone with ${name}, and runs`, () => {
			const folder = mkdtempSync(join(tmpdir(), "wukong-manager-"));
			try {
				writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
				copyFileSync(program, join(folder, "main.ts"));
				run(folder, add);
				const said = run(folder, [...runs, "main.ts"]);
				if (!said.includes("works")) throw new Error(`it does not work with ${name}: ${said}`);
			} finally {
				rmSync(folder, { recursive: true });
			}
		});
	}
}

function installTools(): void {
	const mark = join(cache, "installed");
	if (existsSync(mark) && readFileSync(mark, "utf8") === describe()) return;
	rmSync(cache, { recursive: true, force: true });
	mkdirSync(cache, { recursive: true });
	writeFileSync(join(cache, "package.json"), '{ "private": true }');
	const wanted = Object.entries(tools).map(([name, version]) => `${name}@${version}`);
	run(cache, ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...wanted]);
	writeFileSync(mark, describe());
}

function describe(): string {
	return Object.entries(tools)
		.map(([name, version]) => `${name} ${version}`)
		.join(", ");
}

function bin(name: string): string {
	return join(cache, "node_modules/.bin", name);
}

/** Runs one command. @returns what it printed; all of it is in the error where it fails */
function run(cwd: string, [command = "", ...args]: readonly string[]): string {
	const registry = process.env.npm_config_registry ?? npmRegistry();
	const env = {
		...process.env,
		npm_config_registry: registry,
		YARN_REGISTRY: registry,
		CI: "true",
	};
	return execFileSync(command, args, {
		cwd,
		env,
		stdio: ["ignore", "pipe", "inherit"],
		encoding: "utf8",
	});
}

function npmRegistry(): string {
	return execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
}
