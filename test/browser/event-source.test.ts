import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { keepPort } from "../support/kept-port.ts";
import { standingOperator } from "../support/running-app.ts";
import { startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

/** What a page has heard of one event. */
interface Heard {
	readonly type: string;
	readonly id: string;
	/** Label of the VM by which the writes of a test are told apart. */
	readonly turn?: string;
	readonly reason?: string;
}

declare global {
	var heard: Heard[];
	var source: EventSource;
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
	folder = mkdtempSync(join(tmpdir(), "wukong-event-source-"));
	port = await keepPort();
	await start();
});
afterEach(async () => {
	await stop("SIGKILL");
	rmSync(folder, { recursive: true });
});

/** Starts the whole service in a process of its own, on the data that is there. */
async function start(): Promise<void> {
	service = spawn(
		process.execPath,
		[
			join(root, "server/src/main.ts"),
			...["--port", String(port), "--data", join(folder, "wukong.db")],
			...["--cors-origins", pages.origin, ...standingOperator],
		],
		{ stdio: ["ignore", "pipe", "pipe"] },
	);
	let printed = "";
	for (const stream of [service.stdout, service.stderr]) {
		stream?.on("data", (chunk: Buffer) => {
			printed += chunk;
		});
	}
	for (;;) {
		const found = /listens on (http:\S+)\n/.exec(printed)?.[1];
		if (found !== undefined) {
			url = found;
			return;
		}
		if (service.exitCode !== null) throw new Error(`the service has ended: ${printed}`);
		await new Promise((resolve) => setImmediate(resolve));
	}
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

/** A page with an EventSource and nothing else: no code that could make up for anything. */
async function openPage(target: string): Promise<Page> {
	pages.servePage(`<!doctype html><script>
		globalThis.heard = [];
		globalThis.source = new EventSource(${JSON.stringify(target)});
		const types = ["message", "added", "modified", "deleted", "synced", "reset", "heartbeat", "status"];
		for (const type of types) {
			source.addEventListener(type, ({ data, lastEventId }) => {
				const { wukong, reason } = JSON.parse(data);
				heard.push({ type, id: lastEventId, turn: wukong?.labels.turn, reason });
			});
		}
	</script>`);
	const page = await browser.newPage();
	await page.goto(pages.origin);
	return page;
}

const hears = (page: Page, wanted: Partial<Heard>) =>
	page.waitForFunction(
		(event) =>
			heard.some((one) =>
				Object.entries(event).every(([key, value]) => one[key as keyof Heard] === value),
			),
		wanted,
	);

describe("a page with a bare EventSource", () => {
	test.each(["SIGKILL", "SIGTERM"] as const)(
		"loses no event over servers that are ended by %s and started again (Last-Event-ID)",
		async (signal) => {
			const page = await openPage(`${url}/api/v1/wukongs/vm/stream`);
			await hears(page, { type: "synced" });
			const turns = 6;
			for (let turn = 0; turn < turns; turn++) {
				await write(turn);
				// One is heard before the server ends, one may be on its way, one comes while the page is away.
				if (turn % 3 === 0) await hears(page, { turn: `${turn}` });
				if (turn % 3 !== 1) continue;
				await stop(signal);
				await start();
			}
			await hears(page, { turn: `${turns - 1}` });
			const all = await page.evaluate(() => heard);
			const states = all.filter(({ type }) => type === "added" || type === "modified");
			// The operator has a look of its own at a new VM: two states of one turn, with an id each.
			expect(new Set(states.map(({ id }) => id)).size).toBe(states.length);
			const told = states.map(({ turn }) => Number(turn));
			expect(told.filter((turn, at) => turn !== told[at - 1])).toEqual(
				Array.from({ length: turns }, (_, turn) => turn),
			);
			expect(all.filter(({ type }) => type === "reset")).toEqual([]);
			expect(all.filter(({ type }) => type === "synced").length).toBeGreaterThan(1);
			if (signal === "SIGTERM") {
				expect(all.find(({ type }) => type === "status")?.reason).toBe("SHUTTING_DOWN");
			}
			await page.close();
		},
	);

	test("hears everything as messages where it asks for that", async () => {
		await write(0);
		const page = await openPage(`${url}/api/v1/wukongs:watch?events=message`);
		await hears(page, { type: "message", turn: "0" });
		await write(1);
		await hears(page, { type: "message", turn: "1" });
		expect((await page.evaluate(() => heard)).map(({ type }) => type)).toEqual([
			"message",
			"message",
			"message",
		]);
		await page.close();
	});

	test("is told that connecting again cannot help", async () => {
		const page = await openPage(`${url}/api/v1/wukongs:watch?labelSelector=a+in+b`);
		await page.waitForFunction(() => source.readyState === EventSource.CLOSED);
		expect(await page.evaluate(() => heard)).toEqual([]);
		await page.close();
	});
});
