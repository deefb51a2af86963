import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp } from "../support/running-app.ts";
import { startChromium } from "./chromium.ts";
import type { GrpcWebPage } from "./grpc-web-page.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

declare global {
	var grpcWebPage: GrpcWebPage;
}

let browser: Browser;
let pages: PageServer;
beforeAll(async () => {
	browser = await startChromium();
	pages = await startPageServer();
	await pages.serve('import "./test/browser/grpc-web-page.ts";');
});
afterAll(async () => {
	await browser.close();
	await pages[Symbol.asyncDispose]();
});

/** Opens the page for a service of its own. */
async function withPage(use: (page: Page, url: string) => Promise<void>): Promise<void> {
	await using app = await startApp("--seed", "2", "--cors-origins", pages.origin);
	const page = await browser.newPage();
	try {
		await page.goto(pages.origin);
		await use(page, app.url);
	} finally {
		await page.close();
	}
}

describe("Google's gRPC-Web client in a page", () => {
	test.each(["text", "binary"] as const)(
		"calls and reads the failure of a call, in its %s form",
		async (format) => {
			await withPage(async (page, url) => {
				const get = (name: string) =>
					page.evaluate(([base, as, one]) => grpcWebPage.get(base, as, one), [
						url,
						format,
						name,
					] as const);
				const names = await nameOfOne(url);
				expect(await get(names)).toBe(names);
				expect(await get("none")).toMatch(/^5: .*none/);
			});
		},
	);

	test("streams in its text form (PROTOCOL-WEB.md): what was there, then what comes, as it comes", async () => {
		await withPage(async (page, url) => {
			await page.evaluate((base) => grpcWebPage.watch(base, "text", "default"), url);
			await page.waitForFunction(() => grpcWebPage.events.includes("SYNCED"));
			const seen = await page.evaluate(() => grpcWebPage.events);
			expect(seen).toEqual([
				expect.stringMatching(/^ADDED/),
				expect.stringMatching(/^ADDED/),
				"SYNCED",
			]);
			const name = await nameOfOne(url);
			await call(url, "StopWukong", { name });
			await page.waitForFunction((one) => grpcWebPage.events.includes(`MODIFIED ${one}`), name);
			await page.evaluate(() => grpcWebPage.leave());
		});
	});

	test("reads why a stream is refused", async () => {
		await withPage(async (page, url) => {
			await page.evaluate((base) => grpcWebPage.watch(base, "text", "No_Name"), url);
			await page.waitForFunction(() => grpcWebPage.events.length > 0);
			expect(await page.evaluate(() => grpcWebPage.events)).toEqual([
				expect.stringMatching(/^3: /),
			]);
		});
	});
});

async function call(url: string, method: string, body: object) {
	const response = await fetch(`${url}/novasphere.v1.WukongService/${method}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(body),
	});
	return response.json();
}

async function nameOfOne(url: string): Promise<string> {
	const { wukongs } = await call(url, "ListWukongs", { namespace: "default" });
	return wukongs[0].name;
}
