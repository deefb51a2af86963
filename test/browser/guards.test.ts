import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp } from "../support/running-app.ts";
import { type Breakage, startBrokenService } from "../web-client/broken-service.ts";
import { expected } from "../web-client/told-apart.ts";
import { startChromium } from "./chromium.ts";
import type { GuardsPage } from "./guards-page.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

declare global {
	var guardsPage: GuardsPage;
}

let browser: Browser;
let pages: PageServer;
let page: Page;
beforeAll(async () => {
	browser = await startChromium();
	pages = await startPageServer();
	await pages.serve('import "./test/browser/guards-page.ts";');
	page = await browser.newPage();
	await page.goto(pages.origin);
});
afterAll(async () => {
	await browser.close();
	await pages[Symbol.asyncDispose]();
});

const endsOf = (url: string) => page.evaluate((baseUrl) => guardsPage.ends(baseUrl), url);

describe("in a page", () => {
	test.each(Object.keys(expected) as Breakage[])(
		"a way that %s is told by code and cause",
		async (breakage) => {
			await using service = await startBrokenService(breakage);
			expect(await endsOf(service.url)).toMatchObject(expected[breakage]);
		},
	);

	test("an origin that the service does not list is forbidden, and is not tried again (Fetch standard, CORS)", async () => {
		await using app = await startApp("--seed", "1");
		const forbidden = "isForbiddenOrigin";
		expect(await endsOf(app.url)).toEqual({ stream: forbidden, unary: forbidden });
		expect(await page.evaluate((url) => guardsPage.getByGet(url), app.url)).toBe(forbidden);
	});

	test("the limit on streams is a limit", async () => {
		await using app = await startApp("--max-watch-streams", "1", "--cors-origins", pages.origin);
		const end = await page.evaluate((url) => guardsPage.secondStream(url), app.url);
		expect(end).toBe("isLimited isRetryable");
	});
});
