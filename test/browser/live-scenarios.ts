import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { WatchQuery } from "../../web-client/src/index.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { type RunningApp, standingOperator, startApp } from "../support/running-app.ts";
import type { Driver, Engine, Tab } from "./engine.ts";
import type { ShownList } from "./live-page.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

/** How often the server is started anew; `WUKONG_TEST_RESTARTS=50` for a long run. */
const restarts = Number(process.env.WUKONG_TEST_RESTARTS ?? 8);

/** What a live list has to live through, in any browser. */
export function runLiveScenarios(engine: Engine): void {
	let driver: Driver;
	let pages: PageServer;
	let folder: string;
	let app: RunningApp;
	let proxy: FaultProxy;
	const tabs: Tab[] = [];
	const followed: { readonly tab: Tab; readonly list: number; readonly query: WatchQuery }[] = [];
	let made = 0;

	beforeAll(async () => {
		driver = await engine.start();
		pages = await startPageServer();
		await pages.serve('import "./test/browser/live-page.ts";');
	});
	afterAll(async () => {
		await driver[Symbol.asyncDispose]();
		await pages[Symbol.asyncDispose]();
	});
	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), "wukong-live-"));
		app = await startServer("0");
		proxy = await startFaultProxy(Number(new URL(app.url).port));
	});
	afterEach(async () => {
		const asked = new Set(followed.map(({ query }) => JSON.stringify(query)));
		await until(async () => (await streams()) <= Math.min(asked.size, 4));
		for (const { tab, list, query } of followed.splice(0)) {
			if ((await tab.call("shown", list)).status === "live") await levels(tab, list, query);
		}
		for (const tab of tabs.splice(0)) {
			expect(await tab.call("complaints")).toEqual([]);
			await tab.close();
		}
		await proxy.close();
		await app.close();
		rmSync(folder, { recursive: true });
		expect(driver.complaints).toEqual([]);
	});

	/** The same data at each start. */
	function startServer(port: string): Promise<RunningApp> {
		const data = join(folder, "wukong.db");
		const flags = [
			"--seed",
			"3",
			"--data",
			data,
			"--cors-origins",
			pages.origin,
			...standingOperator,
		];
		return startApp("--port", port, ...flags);
	}

	async function restart(): Promise<void> {
		const { port } = new URL(app.url);
		await app.close();
		app = await startServer(port);
	}

	/** A call past all faults. */
	async function call(
		method: string,
		message: object,
	): Promise<{ wukongs?: { namespace: string; name: string; resourceVersion: string }[] }> {
		const response = await fetch(`${app.url}/novasphere.v1.WukongService/${method}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(message),
		});
		expect(response.status).toBe(200);
		return response.json();
	}

	const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };
	const make = (name = `made-${++made}`, labels = {}) =>
		call("CreateWukong", { wukong: { name, labels, spec } }).then(() => name);

	/** Opens a page whose client goes through the proxy. */
	async function openTab(options: object = {}): Promise<Tab> {
		const tab = await driver.open(pages.origin);
		tabs.push(tab);
		const baseUrl = `http://127.0.0.1:${proxy.port}`;
		await tab.call("use", { baseUrl, heartbeatIntervalMs: 1_000, ...options });
		return tab;
	}

	/** Shows one more list in a page. @returns its number */
	async function follow(tab: Tab, query: WatchQuery = {}): Promise<number> {
		const list = await tab.call("follow", query);
		followed.push({ tab, list, query });
		return list;
	}

	/** The page is no more, and with it what it showed. */
	function forget(tab: Tab): void {
		tabs.splice(tabs.indexOf(tab), 1);
		followed.splice(0, followed.length, ...followed.filter((one) => one.tab !== tab));
	}

	/** Asks again and again; bounded by the test's own time. */
	async function until(isSo: () => Promise<boolean>): Promise<void> {
		while (!(await isSo()));
	}

	/** The page's map equals List, in state and in number, and it never showed half a list. */
	async function levels(tab: Tab, list = 0, query = {}): Promise<ShownList> {
		let shown = await tab.call("shown", list);
		await until(async () => {
			const { wukongs = [] } = await call("ListWukongs", query);
			const truth = Object.fromEntries(
				wukongs.map(({ namespace, name, resourceVersion }) => [
					`${namespace}/${name}`,
					resourceVersion,
				]),
			);
			shown = await tab.call("shown", list);
			return (
				shown.status === "live" &&
				JSON.stringify(sorted(shown.held)) === JSON.stringify(sorted(truth))
			);
		});
		expect(shown).toMatchObject({ hasDoubles: false, flickered: false });
		return shown;
	}

	const sorted = (map: Record<string, string>) =>
		Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
	const streams = () => app.metric("wukong_watch_streams");

	describe(`a live list in a page of ${engine.name}`, () => {
		test(`is level after ${restarts} restarts of the server under writes`, {
			timeout: 60_000 + restarts * 2_000,
		}, async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			for (let round = 0; round < restarts; round++) {
				const name = await make();
				await restart();
				await call("DeleteWukong", { name: round % 2 === 0 ? name : await make() });
				await make();
			}
			const { statuses } = await levels(tab);
			expect(statuses.slice(0, 3)).toEqual(["connecting", "live", "stale"]);
			expect(await streams()).toBe(1);
		});

		test("starts over with a server that knows nothing of before, without flicker", async () => {
			const tab = await openTab();
			await follow(tab);
			await make();
			await levels(tab);
			const { port } = new URL(app.url);
			await app.close();
			rmSync(folder, { recursive: true });
			folder = mkdtempSync(join(tmpdir(), "wukong-live-"));
			app = await startServer(port);
			await make();
			await levels(tab);
		});

		test.each([0, 3, 37, 200])(
			"is level after a way that ends inside an envelope, %i bytes on",
			async (afterBytes) => {
				const tab = await openTab();
				await follow(tab);
				await levels(tab);
				proxy.strike("half-close", afterBytes);
				for (let count = 0; count < 5; count++) await make();
				await levels(tab);
				expect(proxy.blows).toBeGreaterThan(0);
			},
		);

		test("notices a way that swallows everything, and says so within a heartbeat and a half", async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			await proxy.set({ kind: "blackhole" });
			const startMs = performance.now();
			await until(async () => (await tab.call("shown", 0)).status !== "live");
			expect(performance.now() - startMs).toBeLessThan(6_000);
			await make();
			await proxy.set({ kind: "clear" });
			await levels(tab);
		});

		test("shows each change before the next one is made: nothing waits for more to come", async () => {
			const tab = await openTab({ heartbeatIntervalMs: 60_000 });
			await follow(tab);
			await levels(tab);
			for (let count = 0; count < 10; count++) {
				const name = await make();
				const startMs = performance.now();
				await until(async () => `default/${name}` in (await tab.call("shown", 0)).held);
				expect(performance.now() - startMs).toBeLessThan(5_000);
			}
		});

		test("says that it is not live while a proxy holds back what it has, and is level once it lets go", {
			timeout: 60_000,
		}, async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			await proxy.set({ kind: "buffer", bytes: 4_096 });
			await make();
			await until(async () => (await tab.call("shown", 0)).status !== "live");
			// What has gathered comes in a burst that ends anywhere in an envelope.
			for (let count = 0; count < 20; count++) await make();
			await call("DeleteWukong", { name: `made-${made}` });
			await proxy.set({ kind: "clear" });
			await levels(tab);
		});

		test("is offline while nobody listens, and level after it", async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			await proxy.set({ kind: "down" });
			await until(async () => (await tab.call("shown", 0)).status === "offline");
			await make();
			await proxy.set({ kind: "clear" });
			await levels(tab);
		});

		test.skipIf(!engine.can.has("setOffline"))(
			"comes back when the machine's network does",
			async () => {
				const tab = await openTab();
				await follow(tab);
				await levels(tab);
				await tab.setOffline?.(true);
				await until(async () => (await tab.call("shown", 0)).status === "offline");
				await make();
				await tab.setOffline?.(false);
				await levels(tab);
			},
		);

		test("looks at once after a sleep", async () => {
			const tab = await openTab({ heartbeatIntervalMs: 60_000 });
			await follow(tab);
			await levels(tab);
			await proxy.set({ kind: "blackhole" });
			await make();
			await proxy.set({ kind: "clear" });
			await tab.call("wakeAfter", 3_600_000);
			await levels(tab);
		});

		test("notices silence after its clock was set back, too", async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			await tab.call("wakeAfter", -3_600_000);
			await proxy.set({ kind: "blackhole" });
			await until(async () => (await tab.call("shown", 0)).status !== "live");
			await make();
			await proxy.set({ kind: "clear" });
			await levels(tab);
		});

		test("ends on the server when its client is closed", async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			await tab.call("close");
			await until(async () => (await streams()) === 0);
			await until(async () => (await tab.call("shown", 0)).status === "closed");
		});
	});

	describe(`a watch in a page of ${engine.name}`, () => {
		test.each(["break", "abort", "close"] as const)(
			"ends on the server by %s, ten times over",
			async (way) => {
				const tab = await openTab();
				await tab.call("openAndEnd", way, 10);
				await until(async () => (await streams()) === 0);
			},
		);
	});

	describe(`six connections in ${engine.name}`, () => {
		test("eight lists leave room for calls: four streams at most, and the others say why", {
			timeout: 60_000,
		}, async () => {
			const tab = await openTab();
			for (let count = 0; count < 8; count++) await follow(tab, { labelSelector: `n=${count}` });
			await until(async () => (await tab.call("shown", 3)).status === "live");
			expect(await tab.call("stop", "vm-0")).toBeGreaterThanOrEqual(0);
			const shown = await Promise.all([4, 5, 6, 7].map((list) => tab.call("shown", list)));
			for (const { status, error } of shown) {
				expect(status).toBe("connecting");
				expect(error).toContain("4 streams");
			}
			expect(await streams()).toBe(4);
		});

		test("beyond four streams a list is fed from one that shows more, and a wait is answered", {
			timeout: 60_000,
		}, async () => {
			const tab = await openTab();
			const wide = await follow(tab);
			await levels(tab, wide);
			for (let count = 0; count < 3; count++) await follow(tab, { labelSelector: `n=${count}` });
			await until(async () => (await streams()) === 4);
			const web = { labels: { app: "web" } };
			const narrow = await follow(tab, { ...web, namespace: "default" });
			await make("web-1", { app: "web" });
			await levels(tab, narrow, { ...web, namespace: "default" });
			await call("DeleteWukong", { name: "web-1" });
			await levels(tab, narrow, { ...web, namespace: "default" });
			expect(await tab.call("exists", "vm-1")).toBe(true);
			expect(await streams()).toBe(4);
			await restart();
			await make("web-2", { app: "web" });
			await levels(tab, narrow, { ...web, namespace: "default" });
		});

		test("ten tabs share one stream, and a Stop click is answered at once in each", {
			timeout: 60_000,
		}, async () => {
			const all: Tab[] = [];
			for (let count = 0; count < 10; count++) {
				const tab = await openTab();
				await follow(tab);
				all.push(tab);
			}
			for (const tab of all) await levels(tab);
			expect(await streams()).toBe(1);
			for (const tab of all) {
				const tookMs = await tab.call("stop", "vm-0");
				expect(tookMs).toBeGreaterThanOrEqual(0);
				expect(tookMs).toBeLessThan(5_000);
			}
			await make();
			for (const tab of all) await levels(tab);
		});

		for (const way of ["close", "crash", "freeze"] as const) {
			const isPossible = way === "close" || engine.can.has(way);
			test.skipIf(!isPossible)(
				`another tab leads when the leader's is gone by ${way}`,
				{
					timeout: 60_000,
				},
				async () => {
					const leader = await openTab();
					await follow(leader);
					await levels(leader);
					const rest = [await openTab(), await openTab()];
					for (const tab of rest) {
						await follow(tab);
						await levels(tab);
					}
					expect(await streams()).toBe(1);
					forget(leader);
					await leader[way]?.();
					await make();
					for (const tab of rest) await levels(tab);
					if (way !== "close") await leader.close().catch(() => {});
					await until(async () => (await streams()) === 1);
				},
			);
		}
	});
}
