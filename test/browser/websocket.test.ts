import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";
import { type RestartedService, startRestartedService } from "./restarted-service.ts";

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
let service: RestartedService;

beforeAll(async () => {
	browser = await startChromium();
	pages = await startPageServer();
});
afterAll(async () => {
	await browser.close();
	await pages[Symbol.asyncDispose]();
});
beforeEach(async () => {
	service = await startRestartedService(pages.origin);
});
afterEach(() => service[Symbol.asyncDispose]());

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
		pages.servePage(html.replaceAll("ws://127.0.0.1:8080", service.url.replace(/^http/, "ws")));
		await page.goto(pages.origin);
		await page.getByText("live", { exact: true }).waitFor();
		const hears = (turn: number) =>
			page.waitForFunction((wanted) => window.told.some((one) => one.turn === wanted), `${turn}`);
		const turns = 6;
		for (let turn = 0; turn < turns; turn++) {
			await service.write(turn);
			// One is heard before the server ends, one may be on its way, one comes while the page is away.
			if (turn % 3 === 0) await hears(turn);
			if (turn % 3 !== 1) continue;
			await service.restart(signal);
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
		`${service.url.replace(/^http/, "ws")}/ws`,
	);
	expect(end).toBe(1006);
	await page.close();
});
