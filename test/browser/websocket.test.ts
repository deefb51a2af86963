import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { keepPort } from "../support/kept-port.ts";
import { standingOperator } from "../support/running-app.ts";
import { until } from "../support/until.ts";
import { startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

/** The page of the documentation: a bare WebSocket and nothing else. */
const html = readFileSync(join(root, "docs/examples/websocket.html"), "utf8");

declare global {
	interface Window {
		/** Events that the page was told: type, name and the label by which writes are told apart. */
		told: { type: string; name?: string; turn?: string }[];
	}
}

let browser: Browser;
let pages: PageServer;
let folder: string;
let service: ChildProcess;
let url: string;
let port: number;

beforeAll(async () => {
	browser = await startChromium();
	pages = await startPageServer();
});
afterAll(async () => {
	await browser.close();
	await pages[Symbol.asyncDispose]();
});
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "wukong-websocket-"));
	port = await keepPort();
	await start();
});
afterEach(async () => {
	await stop("SIGKILL");
	rmSync(folder, { recursive: true });
});

/** Starts the whole service in a process of its own, on the data that is there. */
async function start(): Promise<void> {
	const flags = ["--port", String(port), "--data", join(folder, "wukong.db"), ...standingOperator];
	service = spawn(
		process.execPath,
		[join(root, "server/src/main.ts"), ...flags, "--cors-origins", pages.origin],
		{ stdio: ["ignore", "pipe", "pipe"] },
	);
	let printed = "";
	for (const stream of [service.stdout, service.stderr]) {
		stream?.on("data", (chunk: Buffer) => {
			printed += chunk;
		});
	}
	const greeting = /listens on (http:\S+)\n/;
	await until("the service listens", () => greeting.test(printed));
	url = greeting.exec(printed)?.[1] as string;
}

async function stop(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
	if (service.exitCode !== null || service.signalCode !== null) return;
	const ended = once(service, "exit");
	service.kill(signal);
	await ended;
}

async function call(method: string, message: object): Promise<void> {
	const response = await fetch(`${url}/novasphere.v1.WukongService/${method}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(message),
	});
	expect(response.status).toBe(200);
	await response.text();
}

const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };
const write = (turn: number) =>
	turn === 0
		? call("CreateWukong", { wukong: { name: "vm", labels: { turn: "0" }, spec } })
		: call("UpdateWukong", { wukong: { name: "vm", labels: { turn: `${turn}` } } });

test.each(["SIGKILL", "SIGTERM"] as const)(
	"a bare WebSocket page loses no event over servers that are ended by %s and started again",
	async (signal) => {
		const page = await browser.newPage();
		await page.addInitScript(() => {
			window.told = [];
			addEventListener("wukong", (event) => {
				const { type, wukong } = (event as CustomEvent).detail;
				window.told.push({ type, name: wukong?.name, turn: wukong?.labels?.turn });
			});
		});
		pages.servePage(html.replaceAll("ws://127.0.0.1:8080", url.replace(/^http/, "ws")));
		await page.goto(pages.origin);
		await page.getByText("live", { exact: true }).waitFor();
		const hears = (turn: number) =>
			page.waitForFunction((wanted) => window.told.some((one) => one.turn === wanted), `${turn}`);
		const turns = 6;
		for (let turn = 0; turn < turns; turn++) {
			await write(turn);
			// One is heard before the server ends, one may be on its way, one comes while the page is away.
			if (turn % 3 === 0) await hears(turn);
			if (turn % 3 !== 1) continue;
			await stop(signal);
			await start();
		}
		await hears(turns - 1);
		const told = await page.evaluate(() => window.told);
		const states = told.flatMap(({ turn }) => (turn === undefined ? [] : [Number(turn)]));
		// The operator has a look of its own at a new VM: two states of one turn.
		expect(states.filter((turn, at) => turn !== states[at - 1])).toEqual(
			Array.from({ length: turns }, (_, turn) => turn),
		);
		expect(told.filter(({ type }) => type === "RESET")).toEqual([]);
		expect(told.filter(({ type }) => type === "SYNCED").length).toBeGreaterThan(1);
		await page.getByText("vm ").waitFor();
		await page.close();
	},
);

test("a page of an origin that is not listed gets no WebSocket", async () => {
	await using foreign = await startPageServer();
	foreign.servePage(html);
	const page = await browser.newPage();
	await page.goto(foreign.origin);
	const end = await page.evaluate(
		(address) =>
			new Promise<number>((resolve) => {
				new WebSocket(address).onclose = ({ code }) => resolve(code);
			}),
		`${url.replace(/^http/, "ws")}/ws`,
	);
	expect(end).toBe(1006);
	await page.close();
});
