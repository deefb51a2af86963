import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp } from "../support/running-app.ts";
import { startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

/** Runs in the worker: a live list, a call, and a wait, whose code is loaded on demand. */
const worker = (baseUrl: string) => `
	import { createWukongClient } from "./web-client/src/index.ts";
	const client = createWukongClient({ baseUrl: ${JSON.stringify(baseUrl)} });
	const { items, status } = await client.liveList().ready();
	const stopped = await client.stop("vm-0");
	const gone = await client.waitFor("vm-1", (vm) => vm !== undefined);
	postMessage({ names: items.map(({ name }) => name), status, stopped: stopped.name, gone: gone.name });
	client.close();
`;

let pages: PageServer;
let browser: Awaited<ReturnType<typeof startChromium>>;
beforeAll(async () => {
	pages = await startPageServer();
	browser = await startChromium();
});
afterAll(async () => {
	await browser.close();
	await pages[Symbol.asyncDispose]();
});

test("a module worker has live lists, calls and waits as a page has", async () => {
	await using app = await startApp("--seed", "2", "--cors-origins", pages.origin);
	await pages.serve(worker(app.url));
	pages.servePage("<!doctype html>");
	const page = await browser.newPage();
	await page.goto(pages.origin);
	const told = await page.evaluate(
		() =>
			new Promise((resolve, reject) => {
				const started = new Worker("/script.js", { type: "module" });
				started.onmessage = ({ data }) => resolve(data);
				started.onerror = ({ message }) => reject(new Error(message));
			}),
	);
	expect(told).toEqual({ names: ["vm-0", "vm-1"], status: "live", stopped: "vm-0", gone: "vm-1" });
	await page.close();
});
