import type { Browser, BrowserContext, Page } from "playwright-core";
import { startChromium } from "./chromium.ts";
import type { LivePage } from "./live-page.ts";

/** A page of one browser, with all that scenarios want of it: another engine's driver has the same. */
export interface Tab {
	/** Calls a function of the page. */
	call<Name extends keyof LivePage>(
		name: Name,
		...args: Parameters<LivePage[Name]>
	): Promise<Awaited<ReturnType<LivePage[Name]>>>;
	setOffline(isOffline: boolean): Promise<void>;
	/** The page runs no more, as one that was put to the background for long. */
	freeze(): Promise<void>;
	/** Its process is gone, without a word. */
	crash(): Promise<void>;
	close(): Promise<void>;
}

/** A browser with one profile: its tabs share locks and channels. */
export interface Driver extends AsyncDisposable {
	open(url: string): Promise<Tab>;
	/** Errors that the console has shown, but for those that say that a network call failed. */
	readonly complaints: readonly string[];
}

export async function startChromiumDriver(): Promise<Driver> {
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
