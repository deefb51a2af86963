import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";
import type { ReactPage } from "./react-page.ts";

declare global {
	var reactPage: ReactPage;
}

let browser: Browser;
let pages: PageServer;
let page: Page;
const complaints: string[] = [];
beforeAll(async () => {
	browser = await startChromium();
	pages = await startPageServer();
	await pages.serve('import "./test/browser/react-page.ts";');
});
afterAll(async () => {
	await browser.close();
	await pages[Symbol.asyncDispose]();
});
beforeEach(async () => {
	complaints.length = 0;
	page = await browser.newPage();
	page.on("console", (message) => {
		if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	await page.goto(pages.origin);
});
afterEach(async () => {
	await page.close();
	// React's own hint at its developer tools is none.
	expect(complaints.filter((text) => !text.includes("favicon"))).toEqual([]);
});

const advance = (ms: number) => page.evaluate((time) => reactPage.fake.advance(time), ms);
const textOf = (id: string) => page.textContent(`#${id}`);

test("in strict mode all parts of a page share one stream, which ends some seconds after they have gone", async () => {
	await page.evaluate(() => reactPage.start(""));
	await advance(100);
	expect(await textOf("names")).toBe("live: a,b");
	expect(await page.evaluate(() => reactPage.fake.openStreams)).toBe(1);
	await page.click("#toggle");
	await advance(1_000);
	await page.click("#toggle");
	await advance(100);
	expect(await textOf("names")).toBe("live: a,b");
	expect(await page.evaluate(() => reactPage.fake.calls)).toBe(1);
	await page.click("#toggle");
	await advance(6_000);
	const { openStreams, pendingTimers } = await page.evaluate(() => ({
		openStreams: reactPage.fake.openStreams,
		pendingTimers: reactPage.fake.clock.pendingTimers,
	}));
	expect([openStreams, pendingTimers]).toEqual([0, 0]);
});

test("a part that selects renders again only when its selection changes", async () => {
	await page.evaluate(() => reactPage.start(""));
	await advance(100);
	const before = await page.evaluate(() => reactPage.renders);
	await page.evaluate(() => void reactPage.fake.store.put({ name: "a", labels: { x: "1" } }));
	await advance(100);
	expect(await page.evaluate(() => reactPage.renders)).toBe(before);
	await page.evaluate(() => void reactPage.fake.store.put({ name: "c" }));
	await advance(100);
	expect(await page.evaluate(() => reactPage.renders)).toBeGreaterThan(before);
	expect(await textOf("count")).toBe("3");
});

test("a button stops a VM, and the list shows it without a word from the button", async () => {
	await page.evaluate(() => reactPage.start(""));
	await advance(100);
	expect(await textOf("stop")).toBe("power 3");
	await page.click("#stop");
	await advance(500);
	expect(await textOf("stop")).toBe("power 4");
	await advance(2_000);
	expect(await textOf("stop")).toBe("power 1");
	expect(await page.isEnabled("#stop")).toBe(true);
});

test("what a server has rendered is taken over without a complaint, then comes alive", async () => {
	const html =
		'<div><button id="toggle" type="button">toggle</button><p id="names">connecting: </p>' +
		'<p id="count">0</p><button id="stop" type="button">power none</button></div>';
	await page.evaluate((rendered) => reactPage.start(rendered), html);
	await advance(100);
	expect(await textOf("names")).toBe("live: a,b");
});

test("in strict mode buttons that ask the same rights share one stream, and change as these do", async () => {
	await page.evaluate(() => reactPage.startRights());
	await advance(100);
	expect(await textOf("first")).toBe("live true");
	expect([await page.isEnabled("#first"), await page.isEnabled("#second")]).toEqual([true, true]);
	await page.evaluate(() => reactPage.fake.access.deny({ verb: "stop" }, "a freeze is on"));
	await advance(100);
	expect([await page.isDisabled("#first"), await page.isDisabled("#second")]).toEqual([true, true]);
	expect(await page.getAttribute("#second", "title")).toBe("a freeze is on");
	const before = await page.evaluate(() => reactPage.rightsRenders);
	await advance(60_000);
	expect(await page.evaluate(() => reactPage.rightsRenders)).toBe(before);
	await page.click("#toggle-rights");
	await advance(1_000);
	await page.click("#toggle-rights");
	expect(await page.isDisabled("#first")).toBe(true);
	expect(await page.evaluate(() => reactPage.fake.calls)).toBe(1);
	await page.click("#toggle-rights");
	await advance(6_000);
	const { openStreams, pendingTimers } = await page.evaluate(() => ({
		openStreams: reactPage.fake.openStreams,
		pendingTimers: reactPage.fake.clock.pendingTimers,
	}));
	expect([openStreams, pendingTimers]).toEqual([0, 0]);
});
