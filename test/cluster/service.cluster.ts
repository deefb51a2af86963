import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type RunningApp, startApp } from "../support/running-app.ts";
import { createKubeApi, type KubeAccess } from "./kube-api.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath } from "./wukong-resource.ts";

const access = inject("cluster");
const admin = createKubeApi(access);
let folder: string;
let namespace: string;
let replicas: RunningApp[];
let first: Client<typeof WukongService>;
let second: Client<typeof WukongService>;

beforeAll(async () => {
	namespace = await createNamespace(admin);
	folder = await mkdtemp(join(tmpdir(), "wukong-kubeconfig-"));
	const kubeconfig = join(folder, "config");
	await writeFile(kubeconfig, kubeconfigOf(access), { mode: 0o600 });
	const start = () =>
		startApp("--store", "kubernetes", "--kubeconfig", kubeconfig, "--namespace", namespace);
	replicas = await Promise.all([start(), start()]);
	[first, second] = replicas.map(({ url }) =>
		createClient(WukongService, createGrpcTransport({ baseUrl: url })),
	) as [typeof first, typeof second];
});

afterAll(async () => {
	await Promise.all(replicas.map((replica) => replica.close()));
	admin.close();
	await rm(folder, { recursive: true });
});

function kubeconfigOf({ url, ca, token }: KubeAccess): string {
	return JSON.stringify({
		apiVersion: "v1",
		kind: "Config",
		clusters: [
			{
				name: "test",
				cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") },
			},
		],
		users: [{ name: "test", user: { token } }],
		contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
		"current-context": "test",
	});
}

const spec = {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", storageClassName: "longhorn" }],
	cloudInitUser: { name: "ops", password: "hunter2-hunter2" },
};

const codeOf = (call: Promise<unknown>) =>
	call.then(
		() => "ok",
		(error) => Code[ConnectError.from(error).code],
	);

test("a VM lives on two replicas: what one writes, the other reads and watches", async () => {
	const events: WukongEvent[] = [];
	const leaver = new AbortController();
	const watched = (async () => {
		for await (const event of second.watchWukong({ namespace }, { signal: leaver.signal })) {
			if (event.wukong !== undefined) events.push(event);
			if (event.type === EventType.DELETED) leaver.abort();
		}
	})().catch((error) => {
		if (!leaver.signal.aborted) throw error;
	});
	// Awaited below: until then a failure is not unhandled, only early.
	watched.catch(() => {});

	const wukong = { namespace, name: "web-1", spec };
	const created = (await first.createWukong({ wukong, requestId: "once" })).wukong;
	const again = (await second.createWukong({ wukong, requestId: "once" })).wukong;
	expect(again?.uid).toBe(created?.uid);

	const ref = { namespace, name: "web-1" };
	const stopped = await first.stopWukong(ref);
	expect(stopped.changed).toBe(true);
	const read = await second.getWukong({
		...ref,
		minResourceVersion: stopped.wukong?.resourceVersion ?? "",
	});
	expect(read.wukong?.spec?.startStrategy?.autoStart).toBe(false);
	expect(await codeOf(first.updateWukong({ wukong: { ...ref, spec: { cpu: 1 } } }))).toBe(
		"InvalidArgument",
	);
	await second.updateWukong({ wukong: { ...ref, labels: { app: "web" } } });
	await first.deleteWukong(ref);
	await watched;

	expect(events[0]?.type).toBe(EventType.ADDED);
	expect(events.at(-1)?.type).toBe(EventType.DELETED);
	const changes = events.slice(1, -1);
	expect(new Set(changes.map(({ type }) => type))).toEqual(new Set([EventType.MODIFIED]));
	expect(changes.at(-1)?.wukong?.labels).toEqual({ app: "web" });
	expect(
		JSON.stringify(events, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
	).not.toContain("hunter2");
});

test("1,000 pairs of writing here and reading there with the token: none is stale", async () => {
	const ref = { namespace, name: "pairs" };
	await first.createWukong({ wukong: { ...ref, spec } });
	let stale = 0;
	for (let number = 0; number < 1_000; number++) {
		const [writer, reader] = number % 2 === 0 ? [first, second] : [second, first];
		const labels = { number: `${number}` };
		const { wukong } = await writer.updateWukong({ wukong: { ...ref, labels } });
		const minResourceVersion = wukong?.resourceVersion ?? "";
		const read = await reader.getWukong({ ...ref, minResourceVersion });
		if (read.wukong?.labels.number !== `${number}`) stale++;
	}
	expect(stale).toBe(0);
});

test("a change made behind the service's back arrives as an event", async () => {
	const ref = { namespace, name: "edited" };
	await first.createWukong({ wukong: { ...ref, spec } });
	const leaver = new AbortController();
	const events = first.watchWukong(ref, { signal: leaver.signal })[Symbol.asyncIterator]();
	expect((await events.next()).value?.type).toBe(EventType.ADDED);
	expect((await events.next()).value?.type).toBe(EventType.SYNCED);
	await admin.expect({
		method: "PATCH",
		path: wukongPath(namespace, "edited"),
		contentType: "application/merge-patch+json",
		body: { metadata: { labels: { by: "kubectl" } } },
	});
	const { value } = await events.next();
	expect(value?.type).toBe(EventType.MODIFIED);
	expect(value?.wukong?.labels).toEqual({ by: "kubectl" });
	leaver.abort();
	await events.next().catch(() => {});
});
