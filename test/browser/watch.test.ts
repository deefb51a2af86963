import { credentials } from "@grpc/grpc-js";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../support/running-app.ts";
import { createGrpcJsWireClient } from "../wire/grpc-js-wire-client.ts";
import { startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";
import type { LiveEvent, PageWire, WatchPage } from "./watch-page.ts";

declare global {
	var watchPage: WatchPage;
}

const password = "hunter2-hunter2";
const passwordHash = "$6$salt$hunter2hash";

/** As a person would write it: two disks, two networks, a user with credentials. */
const manifest = {
	name: "db-1",
	namespace: "default",
	labels: { app: "db", tier: "back" },
	annotations: { "example.com/owner": "storage team" },
	spec: {
		cpu: 8,
		memory: "16Gi",
		osImage: "ubuntu-24.04",
		sshKeySecret: "ops-keys",
		disks: [
			{
				name: "root",
				size: "80Gi",
				storageClassName: "longhorn",
				boot: true,
				image: "ubuntu-24.04",
			},
			{ name: "data", size: "500Gi", storageClassName: "longhorn" },
		],
		networks: [
			{ name: "default", type: "bridge" },
			{
				name: "storage",
				type: "bridge",
				bridgeName: "br1",
				vlanId: 100,
				ipConfig: { mode: "static", address: "10.0.0.5/24", gateway: "10.0.0.1" },
			},
		],
		cloudInitUser: { name: "ops", password, passwordHash, groups: ["sudo"], lockPasswd: false },
		startStrategy: { runStrategy: "Always", autoStart: true },
	},
};

let browser: Browser;
let pages: PageServer;
beforeAll(async () => {
	browser = await startChromium();
	pages = await startPageServer();
	await pages.serve('import "./test/browser/watch-page.ts";');
});
afterAll(async () => {
	await browser.close();
	await pages[Symbol.asyncDispose]();
});

/** Opens the page for a service of its own. */
async function withPage(
	wire: PageWire,
	flags: readonly string[],
	use: (page: Page, app: RunningApp) => Promise<void>,
): Promise<void> {
	await using app = await startApp("--seed", "2", ...flags);
	const page = await browser.newPage();
	try {
		await page.goto(pages.origin);
		await page.evaluate(([url, as]) => watchPage.use(url, as), [app.url, wire] as const);
		await use(page, app);
	} finally {
		await page.close();
	}
}

/** A plain request, without any client, as a script in a page makes it. */
function createByFetch(page: Page, url: string): Promise<string> {
	return page.evaluate(
		async ([target, wukong]) => {
			const response = await fetch(`${target}/novasphere.v1.WukongService/CreateWukong`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify({ wukong }),
			});
			return response.text();
		},
		[url, manifest] as const,
	);
}

const wires: PageWire[] = ["Connect JSON", "Connect binary", "gRPC-Web"];

describe.each(wires)("a page over %s", (wire) => {
	test("gets every event once, in order, and no credential", async () => {
		await withPage(wire, ["--cors-origins", pages.origin], async (page, app) => {
			expect(Object.keys(await page.evaluate(() => watchPage.list()))).toEqual(["vm-0", "vm-1"]);
			await page.evaluate(() => watchPage.watch());
			await page.waitForFunction(() => watchPage.synced);
			const seen = (name: string, word: string) =>
				page.waitForFunction(
					([vm, state]) => {
						const last = watchPage.live.findLast((event) => event.name === vm);
						return last?.type === state || last?.power === state;
					},
					[name, word] as const,
				);

			const grpc = createGrpcJsWireClient(new URL(app.url).host, credentials.createInsecure());
			try {
				await grpc.unary("stopWukong", { name: "vm-0" });
				await seen("vm-0", "STOPPED");
				const created = await createByFetch(page, app.url);
				expect(created).toContain('"db-1"');
				expect(created).not.toContain("hunter2");
				await seen("db-1", "RUNNING");
				await grpc.unary("startWukong", { name: "vm-0" });
				await seen("vm-0", "RUNNING");
				await grpc.unary("stopWukong", { name: "vm-1" });
				await seen("vm-1", "STOPPED");
				await grpc.unary("deleteWukong", { name: "db-1" });
				await seen("db-1", "DELETED");
			} finally {
				grpc.close();
			}

			const listed = await page.evaluate(() => watchPage.list());
			const { live, held, received, failure } = await page.evaluate(() => watchPage);
			expect(failure).toBe("");
			expect(held).toEqual(listed);
			for (const [index, { token }] of live.entries()) {
				const before = live[index - 1]?.token ?? "0";
				expect(BigInt(token), `${token} after ${before}`).toBeGreaterThan(BigInt(before));
			}
			expect(story(live, "db-1").types).toMatch(/^ADDED( MODIFIED)+ DELETED$/);
			expect(story(live, "vm-0").powers).toBe("STOPPING STOPPED STARTING RUNNING");
			expect(story(live, "vm-1").powers).toBe("STOPPING STOPPED");
			expect(received.join("\n")).toContain("db-1");
			expect(received.join("\n")).not.toContain("hunter2");
		});
	});

	test("frees the stream on the server when its loop is left", async () => {
		await withPage(wire, ["--cors-origins", pages.origin], async (page, app) => {
			await page.evaluate(() => watchPage.watch());
			await page.waitForFunction(() => watchPage.synced);
			expect(await app.metric("wukong_watch_streams")).toBe(1);
			await page.evaluate(() => {
				watchPage.leave = true;
			});
			// The event at which the loop is left.
			await createByFetch(page, app.url);
			await streamsEnd(app);
		});
	});

	test("has connections for calls after more left loops than a browser has connections", async () => {
		await withPage(wire, ["--cors-origins", pages.origin], async (page, app) => {
			await page.evaluate(() => watchPage.openAndLeave(10));
			expect(Object.keys(await page.evaluate(() => watchPage.list()))).toEqual(["vm-0", "vm-1"]);
			await streamsEnd(app);
		});
	});

	test("reads nothing when its origin is not listed", async () => {
		await withPage(wire, [], async (page) => {
			// A transport of the caller's has no second question; its network error says as little as the browser.
			const text = wire === "gRPC-Web" ? /Failed to fetch/ : /permission_denied/;
			await expect(page.evaluate(() => watchPage.list())).rejects.toThrow(text);
		});
	});
});

/** Bounded by the test's own time. */
async function streamsEnd(app: RunningApp): Promise<void> {
	while ((await app.metric("wukong_watch_streams")) !== 0);
}

/** What happened to one VM: the types of its events, and its power without repetitions. */
function story(live: readonly LiveEvent[], name: string) {
	const own = live.filter((event) => event.name === name);
	const powers = own.map(({ power }) => power);
	return {
		types: own.map(({ type }) => type).join(" "),
		powers: powers.filter((power, index) => power !== powers[index - 1]).join(" "),
	};
}
