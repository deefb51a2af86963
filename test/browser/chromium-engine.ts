import type { Browser, BrowserContext, Page } from "playwright-core";
import { startChromium } from "./chromium.ts";
import type { Driver, Engine, Tab } from "./engine.ts";

export const chromium: Engine = { name: "Chromium", start: startDriver };

async function startDriver(): Promise<Driver> {
	const browser: Browser = await startChromium();
	const context: BrowserContext = await browser.newContext();
	const complaints: string[] = [];
	return {
		complaints,
		async open(url) {
			const page = await context.newPage();
			page.on("pageerror", (error) => complaints.push(String(error)));
			page.on("console", (message) => {
				// Chromium itself writes these; no page can keep it from that.
				const isNetwork = /Failed to load resource|blocked by CORS policy/.test(message.text());
				if (message.type() === "error" && !isNetwork) complaints.push(message.text());
			});
			await page.goto(url);
			return createTab(context, page);
		},
		[Symbol.asyncDispose]: () => browser.close(),
	};
}

function createTab(context: BrowserContext, page: Page): Tab {
	return {
		call: (name, ...args) =>
			page.evaluate(
				([method, given]) => {
					const live = (globalThis as unknown as { livePage: Record<string, CallableFunction> })
						.livePage;
					return live[method]?.(...given);
				},
				[name, args] as [string, unknown[]],
			),
		setOffline: (isOffline) => context.setOffline(isOffline),
		async freeze() {
			const session = await context.newCDPSession(page);
			await session.send("Page.setWebLifecycleState", { state: "frozen" });
		},
		async crash() {
			const session = await context.newCDPSession(page);
			const crashed = new Promise((resolve) => page.once("crash", resolve));
			void session.send("Page.crash").catch(() => {});
			await crashed;
		},
		close: () => page.close(),
	};
}
