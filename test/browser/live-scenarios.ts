import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { WatchQuery } from "../../web-client/src/index.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { keepPort } from "../support/kept-port.ts";
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
	/** The service's own, past the proxy. */
	let port: number;
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
		port = await keepPort();
		app = await startServer();
		proxy = await startFaultProxy(port);
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
	function startServer(): Promise<RunningApp> {
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
		return startApp("--port", String(port), ...flags);
	}

	async function restart(): Promise<void> {
		await app.close();
		app = await startServer();
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

	/**
	 * Of a page that is to notice silence soon. Another one has time: on a busy machine a second's
	 * silence is none of the way's.
	 */
	const listening = { heartbeatIntervalMs: 1_000 };

	/** Opens a page whose client goes through the proxy. */
	async function openTab(options: object = {}): Promise<Tab> {
		const tab = await driver.open(pages.origin);
		tabs.push(tab);
		const baseUrl = `http://127.0.0.1:${proxy.port}`;
		await tab.call("use", { baseUrl, heartbeatIntervalMs: 300_000, ...options });
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
	/** One that was left is known to the server a moment later. */
	const streamsAre = (count: number) => until(async () => (await streams()) === count);

	describe(`a live list in a page of ${engine.name}`, () => {
		test(`is level after ${restarts} restarts of the server under writes`, async () => {
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
			await streamsAre(1);
		});

		test("starts over with a server that knows nothing of before, without flicker", async () => {
			const tab = await openTab();
			await follow(tab);
			await make();
			await levels(tab);
			await app.close();
			rmSync(folder, { recursive: true });
			folder = mkdtempSync(join(tmpdir(), "wukong-live-"));
			app = await startServer();
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

		test("notices a way that swallows everything, and says so", async () => {
			const tab = await openTab(listening);
			await follow(tab);
			await levels(tab);
			await proxy.set({ kind: "blackhole" });
			await until(async () => (await tab.call("shown", 0)).status !== "live");
			await make();
			await proxy.set({ kind: "clear" });
			await levels(tab);
		});

		test("shows each change before the next one is made: nothing waits for more to come", async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			for (let count = 0; count < 10; count++) {
				const name = await make();
				await until(async () => `default/${name}` in (await tab.call("shown", 0)).held);
			}
		});

		test("says that it is not live while a proxy holds back what it has, and is level once it lets go", async () => {
			const tab = await openTab(listening);
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

		test("comes back when the machine's network does", async () => {
			const tab = await openTab(listening);
			const setOffline = async (isOffline: boolean) => {
				if (tab.setOffline !== undefined) return tab.setOffline(isOffline);
				// The same by hand: nothing can be reached, and the page is told.
				await proxy.set({ kind: isOffline ? "down" : "clear" });
				await tab.call("hear", isOffline ? "offline" : "online");
			};
			await follow(tab);
			await levels(tab);
			await setOffline(true);
			await until(async () => (await tab.call("shown", 0)).status === "offline");
			await make();
			await setOffline(false);
			await levels(tab);
		});

		test("looks at once after a sleep", async () => {
			const tab = await openTab();
			await follow(tab);
			await levels(tab);
			await proxy.set({ kind: "blackhole" });
			await make();
			await proxy.set({ kind: "clear" });
			await tab.call("wakeAfter", 3_600_000);
			await levels(tab);
		});

		test("notices silence after its clock was set back, too", async () => {
			const tab = await openTab(listening);
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
			await streamsAre(0);
			await until(async () => (await tab.call("shown", 0)).status === "closed");
		});
	});

	describe(`a watch in a page of ${engine.name}`, () => {
		test.each(["break", "abort", "close", "dispose"] as const)(
			"ends on the server by %s, ten times over",
			async (way) => {
				const tab = await openTab();
				await tab.call("openAndEnd", way, 10);
				await streamsAre(0);
			},
		);
	});

	describe(`six connections in ${engine.name}`, () => {
		test("eight lists leave room for calls: four streams at most, and the others say why", async () => {
			const tab = await openTab();
			for (let count = 0; count < 8; count++) await follow(tab, { labelSelector: `n=${count}` });
			await until(async () => (await tab.call("shown", 3)).status === "live");
			expect(await tab.call("stop", "vm-0")).toBe(true);
			const shown = await Promise.all([4, 5, 6, 7].map((list) => tab.call("shown", list)));
			for (const { status, error } of shown) {
				expect(status).toBe("connecting");
				expect(error).toContain("4 streams");
			}
			await streamsAre(4);
		});

		test("beyond four streams a list is fed from one that shows more, and a wait is answered", async () => {
			const tab = await openTab();
			const wide = await follow(tab);
			await levels(tab, wide);
			for (let count = 0; count < 3; count++) await follow(tab, { labelSelector: `n=${count}` });
			await streamsAre(4);
			const web = { labels: { app: "web" } };
			const narrow = await follow(tab, { ...web, namespace: "default" });
			await make("web-1", { app: "web" });
			await levels(tab, narrow, { ...web, namespace: "default" });
			await call("DeleteWukong", { name: "web-1" });
			await levels(tab, narrow, { ...web, namespace: "default" });
			expect(await tab.call("exists", "vm-1")).toBe(true);
			await streamsAre(4);
			await restart();
			await make("web-2", { app: "web" });
			await levels(tab, narrow, { ...web, namespace: "default" });
		});

		test("ten tabs share one stream, and a Stop click is answered at once in each", async () => {
			const all: Tab[] = [];
			for (let count = 0; count < 10; count++) {
				const tab = await openTab();
				await follow(tab);
				all.push(tab);
			}
			for (const tab of all) await levels(tab);
			await streamsAre(1);
			for (const tab of all) {
				// Where it had to wait for a connection, its deadline would pass first.
				expect(await tab.call("stop", "vm-0")).toBe(true);
			}
			await make();
			for (const tab of all) await levels(tab);
		});

		test.each(["close", "crash", "freeze"] as const)(
			"another tab leads when the leader's is gone by %s",
			async (way) => {
				const leader = await openTab(listening);
				await follow(leader);
				await levels(leader);
				const rest: Tab[] = [];
				for (let count = 1; count < 10; count++) {
					const tab = await openTab(listening);
					await follow(tab);
					await levels(tab);
					rest.push(tab);
				}
				await streamsAre(1);
				forget(leader);
				await leader[way]();
				await make();
				for (const tab of rest) await levels(tab);
				if (way === "freeze") await leader.close();
				await streamsAre(1);
			},
		);
	});
}
