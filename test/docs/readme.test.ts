import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { startChromium } from "../browser/chromium.ts";
import { startPageServer } from "../browser/page-server.ts";
import { type RunningApp, startApp } from "../support/running-app.ts";
import { until } from "../support/until.ts";
import { type FencedBlock, fencedBlocks } from "./fenced-blocks.ts";

const readmeUrl = "http://127.0.0.1:8080";
const blocks = fencedBlocks(readFileSync(join(root, "README.md"), "utf8"));

/** The commands that a newcomer begins with. The CI runs them on a fresh clone. */
const twoCommands = ["npm ci && npm start\n", "npm ci && npm test\n"];

test("the README has its two commands and snippets of each kind", () => {
	const commands = blocks.map(({ code }) => code).filter((code) => twoCommands.includes(code));
	expect(commands.sort()).toEqual([...twoCommands].sort());
	expect(new Set(blocks.map(({ kind }) => kind))).toEqual(
		new Set(["sh", "ts browser", "ts node", "tsx react"]),
	);
	expect(blocks.some(({ code }) => code.includes("--json"))).toBe(true);
});

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

describe.each([
	...(hasCurl ? [["curl", ""]] : []),
	["curl's stand-in", 'curl() { node test/docs/curl-child.ts "$@"; }\n'],
])("the snippets with %s", (_, shellStart) => {
	let app: RunningApp;
	beforeAll(async () => {
		app = await startApp("--seed", "3");
	});
	afterAll(async () => {
		await app[Symbol.asyncDispose]();
	});

	// In the README's order: a later snippet may build on an earlier one.
	const executed = blocks.filter(({ code }) => !twoCommands.includes(code));
	test.each(executed.map((block, index) => ({ ...block, title: titleOf(block, index) })))(
		"$title works as it stands",
		async ({ kind, code }) => {
			const here = code.replaceAll(readmeUrl, app.url);
			if (code === "npm run watch\n") await runWatch(app.url);
			else if (kind === "sh") await runShell(shellStart + here);
			else if (kind === "ts node") await runNode(here);
			else if (kind === "ts browser") {
				await runBrowser(code, "live: vm-0, vm-1, vm-2");
			} else if (kind === "tsx react") {
				const html = '<p title="live">vm-0 Running, vm-1 Running, vm-2 Running, </p>';
				await runBrowser(code, html);
			} else throw new Error(`nothing executes a block of kind ${kind}`);
		},
	);
});

function titleOf({ kind, code }: FencedBlock, index: number): string {
	const first = code.split("\n", 1)[0] ?? "";
	return `snippet ${index + 1} (${kind}: ${first})`;
}

async function runWatch(url: string): Promise<void> {
	// A group of its own, so that npm and what it started end together.
	const child = spawn("npm", ["run", "watch", "--", url], { cwd: root, detached: true });
	let output = "";
	child.stdout.on("data", (chunk) => (output += chunk));
	child.stderr.on("data", (chunk) => (output += chunk));
	const exited = new Promise((resolve) => child.once("exit", resolve));
	try {
		await until("the example is live", () => /^# live$/m.test(output));
		expect(output).toMatch(/^ADDED default\/vm-0 RUNNING$/m);
	} finally {
		if (child.pid !== undefined) process.kill(-child.pid);
		await exited;
	}
}

async function run(command: string, args: string[], input: string): Promise<string> {
	// Not spawnSync: the service runs in this very process.
	const child = spawn(command, args, { cwd: root });
	let output = "";
	let errors = "";
	child.stdout.on("data", (chunk) => (output += chunk));
	child.stderr.on("data", (chunk) => (errors += chunk));
	child.stdin.end(input);
	const status = await new Promise((resolve) => child.once("close", resolve));
	expect({ status, errors }, output).toEqual({ status: 0, errors: "" });
	return output;
}

async function runShell(script: string): Promise<void> {
	const output = await run("bash", ["-e"], script);
	expect(output).toContain('"wukong');
	expect(output).toContain('"web-1"');
	// An error of the service is JSON with a code.
	expect(output).not.toContain('"code"');
}

async function runNode(source: string): Promise<void> {
	const output = await run("node", ["--input-type=module-typescript"], source);
	expect(output).toMatch(/^web-1 (Pending|Creating|Running|Stopped)\nstopping\n$/);
}

/** A service that lets the page in, as the README says that it must. */
async function runBrowser(source: string, expected: string): Promise<void> {
	await using pages = await startPageServer();
	await using app = await startApp("--seed", "3", "--cors-origins", pages.origin);
	await pages.serve(source.replaceAll(readmeUrl, app.url));
	const browser = await startChromium();
	try {
		const page = await browser.newPage();
		await page.goto(pages.origin);
		const isShown = (html: string) => document.body.innerHTML === html;
		await page.waitForFunction(isShown, expected, { timeout: 90_000 }).catch(async () => {
			expect(await page.innerHTML("body")).toBe(expected);
		});
	} finally {
		await browser.close();
	}
}

test("the README's React example is ten lines", () => {
	const react = blocks.find(({ kind }) => kind === "tsx react");
	expect(react?.code.trimEnd().split("\n")).toHaveLength(10);
});
