import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { createKubeApi, type KubeApi } from "../cluster/kube-api.ts";
import { type KubeconfigFile, writeKubeconfig } from "../cluster/kubeconfig.ts";
import { poll } from "../cluster/poll.ts";
import {
	definitionPath,
	installDefinition,
	wukongPath,
	wukongResource,
} from "../cluster/wukong-resource.ts";
import { until } from "../support/until.ts";
import { type FaultyApp, startFaultyApp } from "./faulty-app.ts";
import { shortTimings } from "./scene.ts";

// A cluster of its own: what it is about is there for all tests in the shared one.
let cluster: Cluster;
let admin: KubeApi;
let kubeconfig: KubeconfigFile;
let app: FaultyApp;
const events: WukongEvent[] = [];
const leaver = new AbortController();

beforeAll(async () => {
	cluster = await startCluster();
	admin = createKubeApi(cluster.apiServer.access());
	kubeconfig = await writeKubeconfig(cluster.apiServer.access());
	app = await startFaultyApp(kubeconfig.path, shortTimings);
});
afterAll(async () => {
	leaver.abort();
	await app.close();
	await kubeconfig.remove();
	admin.close();
	await cluster.close();
});

const ref = { namespace: "default", name: "web" };
const spec = {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", storageClassName: "longhorn" }],
};
const path = wukongPath(ref.namespace, ref.name);
const merge = "application/merge-patch+json";

/** Creates through the service; right after an installation the API server takes a moment. */
const create = () =>
	poll("a VM can be created", async () => {
		await app.client.createWukong({ wukong: { ...ref, spec }, requestId: "once" });
		return true;
	});

test("without the definition it is not ready and says why; once it is installed, it serves", async () => {
	await poll("it says why", async () => {
		const { status, body } = await app.page("/readyz");
		return status === 503 && body.includes("is not installed");
	});
	await installDefinition(admin);
	await app.ready;
	await create();
	// A watch may be cut, and opened again, at any time: the API server takes new definitions in.
	await poll("all is well", async () => (await app.page("/readyz")).body === "ready\n");
});

test("fields that only a newer definition knows survive updates and power calls", async () => {
	const definition = await admin.expect({ method: "GET", path: definitionPath });
	const { properties } = definition.spec.versions[0].schema.openAPIV3Schema.properties.spec;
	properties.newKnob = { type: "string" };
	properties.disks.items.properties.newCache = { type: "string" };
	await admin.expect({ method: "PUT", path: definitionPath, body: definition });
	const newer = { newKnob: "kept", disks: [{ ...spec.disks[0], newCache: "writeback" }] };
	await poll("the newer fields are stored", async () => {
		await admin.expect({ method: "PATCH", path, contentType: merge, body: { spec: newer } });
		const { spec: stored } = await admin.expect({ method: "GET", path });
		return stored.newKnob === "kept" && stored.disks[0].newCache === "writeback";
	});
	await app.client.updateWukong({ wukong: { ...ref, spec: { cpu: 4 }, labels: { app: "web" } } });
	const grown = [{ ...spec.disks[0], size: "40Gi" }];
	await app.client.updateWukong({ wukong: { ...ref, spec: { disks: grown } } });
	await app.client.stopWukong(ref);
	const { spec: stored } = await admin.expect({ method: "GET", path });
	expect(stored).toMatchObject({
		cpu: 4,
		newKnob: "kept",
		disks: [{ size: "40Gi", newCache: "writeback" }],
		startStrategy: { autoStart: false },
	});
});

test("a definition that is deleted takes its VMs along, and one that comes back is served again", async () => {
	const watching = (async () => {
		const query = { namespace: ref.namespace };
		for await (const event of app.client.watchWukong(query, { signal: leaver.signal })) {
			if (event.wukong !== undefined) events.push(event);
		}
	})().catch(() => {});
	await until("the VM is told", () => events.length === 1);
	await admin.expect({ method: "DELETE", path: definitionPath });
	await until("its end is told", () => events.at(-1)?.type === EventType.DELETED);
	await poll("it says why", async () =>
		(await app.page("/readyz")).body.includes("is not installed"),
	);
	await installDefinition(admin);
	const all = wukongPath(ref.namespace);
	await poll("a VM can be created", async () => {
		const body = wukongResource("again");
		return (await admin.send({ method: "POST", path: all, body })).status === 201;
	});
	await until("it is told", () => events.at(-1)?.wukong?.name === "again");
	expect(events.map(({ type }) => EventType[type])).toEqual(["ADDED", "DELETED", "ADDED"]);
	await poll("all is well", async () => (await app.page("/readyz")).body === "ready\n");
	leaver.abort();
	await watching;
});
