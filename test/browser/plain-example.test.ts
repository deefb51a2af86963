import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { startApp } from "../support/running-app.ts";
import { startChromium } from "./chromium.ts";
import { startPageServer } from "./page-server.ts";

const html = readFileSync(join(root, "docs/examples/plain/index.html"), "utf8");

test("a page without a bundler has a live list in ten lines, from the server's own /client.js", async () => {
	expect(html.trimEnd().split("\n").length).toBeLessThanOrEqual(10);
	await using pages = await startPageServer();
	await using app = await startApp("--seed", "3", "--cors-origins", pages.origin);
	const browser = await startChromium();
	try {
		const page = await browser.newPage();
		pages.servePage(html.replaceAll("http://127.0.0.1:8080", app.url));
		await page.goto(pages.origin);
		await page.getByText("live: vm-0, vm-1, vm-2").waitFor();
	} finally {
		await browser.close();
	}
});
