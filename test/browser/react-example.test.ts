import { join } from "node:path";
import { createServer } from "vite";
import { expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { keepPort } from "../support/kept-port.ts";
import { startApp } from "../support/running-app.ts";
import { startChromium } from "./chromium.ts";

test("the React example behind Vite's proxy survives a restart of the service, and its buttons work after it", async () => {
	await using stack = new AsyncDisposableStack();
	const port = String(await keepPort());
	const first = await startApp("--seed", "2", "--port", port);
	process.env.WUKONG_URL = first.url;
	stack.defer(() => void delete process.env.WUKONG_URL);
	const vite = await createServer({
		root: join(root, "docs/examples/react"),
		logLevel: "silent",
		cacheDir: join(root, ".cache/vite-react-example"),
		server: { port: 0, host: "127.0.0.1" },
	});
	stack.defer(() => vite.close());
	await vite.listen();
	const browser = await startChromium();
	stack.defer(() => browser.close());
	const page = await browser.newPage();
	await page.goto(vite.resolvedUrls?.local[0] ?? "");
	const shows = (status: string, rows: number) =>
		page.waitForFunction(
			([word, count]) =>
				document.getElementById("status")?.textContent === word &&
				document.querySelectorAll("tr").length === count,
			[status, rows] as const,
		);
	await shows("live", 2);
	await first.close();
	await page.waitForFunction(() => document.getElementById("status")?.textContent !== "live");
	const second = await startApp("--seed", "3", "--port", port);
	stack.defer(() => second.close());
	await shows("live", 3);
	const button = page.locator("tr", { hasText: "vm-2" }).getByRole("button");
	await button.click();
	await page.locator("tr", { hasText: "vm-2" }).getByText("STOP").first().waitFor();
	expect(await page.locator("tr").count()).toBe(3);
});
