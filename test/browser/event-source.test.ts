import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";
import { type RestartedService, startRestartedService } from "./restarted-service.ts";

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
			const page = await openPage(`${service.url}/api/v1/wukongs/vm/stream`);
			await hears(page, { type: "synced" });
			const turns = 6;
			for (let turn = 0; turn < turns; turn++) {
				await service.write(turn);
				// One is heard before the server ends, one may be on its way, one comes while the page is away.
				if (turn % 3 === 0) await hears(page, { turn: `${turn}` });
				if (turn % 3 !== 1) continue;
				await service.restart(signal);
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
		await service.write(0);
		const page = await openPage(`${service.url}/api/v1/wukongs:watch?events=message`);
		await hears(page, { type: "message", turn: "0" });
		await service.write(1);
		await hears(page, { type: "message", turn: "1" });
		expect((await page.evaluate(() => heard)).map(({ type }) => type)).toEqual([
			"message",
			"message",
			"message",
		]);
		await page.close();
	});

	test("is told that connecting again cannot help", async () => {
		const page = await openPage(`${service.url}/api/v1/wukongs:watch?labelSelector=a+in+b`);
		await page.waitForFunction(() => source.readyState === EventSource.CLOSED);
		expect(await page.evaluate(() => heard)).toEqual([]);
		await page.close();
	});
});
