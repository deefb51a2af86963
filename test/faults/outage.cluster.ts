import { Code, ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "@novasphere/wukong-gen/error-details";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { createKubeApi } from "../cluster/kube-api.ts";
import { type KubeconfigFile, writeKubeconfig } from "../cluster/kubeconfig.ts";
import { poll } from "../cluster/poll.ts";
import { createNamespace } from "../cluster/test-namespace.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { until } from "../support/until.ts";
import { type ClusterHand, createClusterHand } from "./cluster-hand.ts";
import { type FaultyApp, startFaultyApp } from "./faulty-app.ts";
import { shortTimings } from "./scene.ts";

const access = inject("cluster");
const admin = createKubeApi(access);
let namespace: string;
let hand: ClusterHand;
let proxy: FaultProxy;
let kubeconfig: KubeconfigFile;
let app: FaultyApp;

beforeEach(async () => {
	namespace = await createNamespace(admin);
	hand = await createClusterHand({ admin, access, namespace });
	proxy = await startFaultProxy(Number(new URL(access.url).port));
	const url = `https://127.0.0.1:${proxy.port}`;
	kubeconfig = await writeKubeconfig({ ...access, url });
});
afterEach(async () => {
	await proxy.set({ kind: "clear" });
	await app.close();
	await proxy.close();
	await kubeconfig.remove();
	await hand.close();
});

const timings = { ...shortTimings, historyVersions: 0n, failingAfterMs: 500 };

/** The failure of a call that must not succeed. */
const failureOf = (call: Promise<unknown>): Promise<ConnectError> =>
	call.then(
		() => Promise.reject(new Error("it succeeded")),
		(error) => ConnectError.from(error),
	);

const spec = {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", storageClassName: "longhorn" }],
};

test("down at start: it is not ready, says why, tries on, and serves when the API server comes", async () => {
	await hand.create("web", {});
	await proxy.set({ kind: "down" });
	app = await startFaultyApp(kubeconfig.path, timings);
	await poll("it says why", async () => {
		const { status, body } = await app.page("/readyz");
		return status === 503 && body.includes("the cluster cannot be reached");
	});
	const refused = await failureOf(app.client.getWukong({ namespace, name: "web" }));
	expect(Code[refused.code]).toBe("Unavailable");
	expect(refused.findDetails(RetryInfoSchema)).toHaveLength(1);
	const troubles = 'wukong_upstream_troubles_total{trouble="unreachable",kind="wukongs"}';
	await poll("it tries on", async () => (await app.metric(troubles)) > 2);
	await proxy.set({ kind: "clear" });
	await app.ready;
	await poll("it is ready", async () => (await app.page("/readyz")).body === "ready\n");
	const { wukong } = await app.client.getWukong({ namespace, name: "web" });
	expect(wukong?.name).toBe("web");
	expect(await app.metric('wukong_upstream_lists_total{cause="start",kind="wukongs"}')).toBe(1);
});

test("down for long: reads go on marked stale, writes fail at once, and nothing is lost", async () => {
	await hand.create("web", { before: "yes" });
	app = await startFaultyApp(kubeconfig.path, timings);
	await app.ready;
	const { client } = app;
	const events: WukongEvent[] = [];
	const leaver = new AbortController();
	const query = { namespace, heartbeatInterval: { seconds: 1n, nanos: 0 } };
	const watching = (async () => {
		for await (const event of client.watchWukong(query, { signal: leaver.signal })) {
			events.push(event);
		}
	})().catch(() => leaver.signal.aborted || Promise.reject(new Error("the stream ended")));
	await until("it is synced", () => events.at(-1)?.type === EventType.SYNCED);

	await proxy.set({ kind: "down" });
	await until("a heartbeat says so", () => events.at(-1)?.staleSince !== undefined);
	const read = await client.getWukong({ namespace, name: "web" });
	expect(read.wukong?.labels).toEqual({ before: "yes" });
	expect(read.staleSince).toBeDefined();
	expect((await client.listWukongs({ namespace })).staleSince).toBeDefined();
	const { status, body } = await app.page("/readyz");
	expect(status).toBe(200);
	expect(body).toMatch(/^ready\nupstream is silent since .*\nthe cluster cannot be reached\n$/);
	const write = await failureOf(client.stopWukong({ namespace, name: "web" }));
	expect(Code[write.code]).toBe("Unavailable");
	expect(write.findDetails(RetryInfoSchema)).toHaveLength(1);
	expect(proxy.connections).toBe(0);

	await hand.label("web", { before: "no" });
	await hand.create("missed", {});
	await hand.remove("missed");
	await proxy.set({ kind: "clear" });
	const inShort = () =>
		events
			.filter(({ wukong }) => wukong !== undefined)
			.map(({ type, wukong }) => `${EventType[type]} ${(wukong as Wukong).name}`);
	const story = ["ADDED web", "MODIFIED web", "ADDED missed", "DELETED missed"];
	await until("all has come", () => inShort().length === story.length);
	expect(inShort()).toEqual(story);
	const isWell = () => events.at(-1)?.type === EventType.HEARTBEAT && !events.at(-1)?.staleSince;
	await until("a heartbeat says that all is well", isWell);
	await poll("it is ready", async () => (await app.page("/readyz")).body === "ready\n");
	expect((await client.stopWukong({ namespace, name: "web" })).changed).toBe(true);
	const { body: metrics } = await app.page("/metrics");
	expect(metrics.match(/^wukong_upstream_lists_total\{.*$/gm)).toEqual([
		'wukong_upstream_lists_total{cause="start",kind="wukongs"} 1',
	]);
	leaver.abort();
	await watching;
});

/**
 * Connections that the service holds. The proxy may hear of a new one before it hears that the one
 * in whose place it came has ended: what is gone a few turns later was not held.
 */
async function heldConnections(proxy: { readonly connections: number }): Promise<number> {
	let least = proxy.connections;
	for (let turn = 0; turn < 20; turn++) {
		await new Promise(setImmediate);
		least = Math.min(least, proxy.connections);
	}
	return least;
}

test("very slow: calls end at their deadline, do not pile up, and reads go on", async () => {
	await hand.create("web", {});
	app = await startFaultyApp(kubeconfig.path, timings, { answerTimeoutMs: 600_000 });
	await app.ready;
	await proxy.set({ kind: "slow", delayMs: 600_000 });
	let most = 0;
	// The service alone keeps this time: callers that gave up first, on a busy machine, would break
	// so many calls off at once that their connection is ended (CVE-2023-44487).
	const deadline = { headers: { "grpc-timeout": "1S" } };
	const writes = Array.from({ length: 200 }, async (_, number) => {
		const wukong = { namespace, name: number % 2 === 0 ? `vm-${number}` : "web", spec };
		const { code } = await failureOf(
			number % 2 === 0
				? app.client.createWukong({ wukong }, deadline)
				: app.client.updateWukong({ wukong }, deadline),
		);
		most = Math.max(most, await heldConnections(proxy));
		// A call that got no connection in time says so; nothing of it was sent.
		expect(["DeadlineExceeded", "Unavailable"]).toContain(Code[code]);
	});
	expect((await app.page("/livez")).status).toBe(200);
	expect((await app.client.getWukong({ namespace, name: "web" })).wukong?.name).toBe("web");
	await Promise.all(writes);
	const counted = /^wukong_requests_total\{.*method="(?:Create|Update)Wukong".* (\d+)$/gm;
	// At their deadline: the API server itself is given much longer for an answer.
	await poll("all have ended at the service, too", async () => {
		const { body } = await app.page("/metrics");
		const ended = [...body.matchAll(counted)].map(([, count]) => Number(count));
		return ended.reduce((sum, count) => sum + count, 0) === writes.length;
	});
	expect(most).toBeLessThanOrEqual(64);
	proxy.strike("reset");
	await proxy.set({ kind: "clear" });
	await poll("a write goes through", async () => {
		const { changed } = await app.client.stopWukong({ namespace, name: "web" });
		return changed;
	});
});
