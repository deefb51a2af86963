import { expect, test } from "vitest";
import { startApp } from "../support/running-app.ts";
import { startChromium } from "./chromium.ts";

test("/docs shows all operations under its strict policy, and asks nobody else", async () => {
	await using app = await startApp();
	const browser = await startChromium();
	try {
		const page = await browser.newPage();
		const complaints: string[] = [];
		const foreign: string[] = [];
		page.on("console", (message) => {
			if (message.type() === "error") complaints.push(message.text());
		});
		page.on("pageerror", (error) => complaints.push(String(error)));
		page.on("request", (request) => {
			const { protocol, origin } = new URL(request.url());
			if (protocol !== "data:" && origin !== app.url) foreign.push(request.url());
		});
		await page.goto(`${app.url}/docs`);
		await page.getByText("/api/v1/wukongs:watch").first().waitFor();
		await page.getByText("/api/v1/wukongs/{name}:start").first().click();
		await page.getByText("Try it out").first().waitFor();
		expect(complaints).toEqual([]);
		expect(foreign).toEqual([]);
	} finally {
		await browser.close();
	}
});
