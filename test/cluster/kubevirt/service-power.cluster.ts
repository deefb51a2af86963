import { setTimeout as pause } from "node:timers/promises";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { WukongEvent_Type as EventType } from "@novasphere/wukong-gen/wukong-service";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../../server/src/app/app.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { createWukongClient, type WukongClient } from "../../../web-client/src/client.ts";
import { keepPort } from "../../support/kept-port.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { createKubeApi, type KubeApi } from "../kube-api.ts";
import { writeKubeconfig } from "../kubeconfig.ts";
import { startOperator } from "../operator.ts";
import { poll } from "../poll.ts";
import { recordWatch } from "../recorded-watch.ts";
import { serviceAccess } from "../service-access.ts";
import { createNamespace } from "../test-namespace.ts";
import { installDefinition } from "../wukong-resource.ts";
import { installKubeVirtDefinitions } from "./kubevirt-objects.ts";
import { createKubeVirtPlayer } from "./kubevirt-player.ts";

let cluster: Cluster;
let admin: KubeApi;
beforeAll(async () => {
	cluster = await startCluster();
	admin = createKubeApi(cluster.apiServer.access());
	await installDefinition(admin);
	await installKubeVirtDefinitions(admin);
});
afterAll(async () => {
	admin?.close();
	await cluster?.close();
});
let stack = new AsyncDisposableStack();
afterEach(async () => {
	await stack.disposeAsync();
	stack = new AsyncDisposableStack();
});

/** A replica of the service, with the rights of deploy/rbac. */
async function startReplica(namespace: string): Promise<{ client: WukongClient; url: string }> {
	const access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
	const kubeconfig = stack.use(await writeKubeconfig(access));
	const port = await keepPort();
	const flags = ["--store", "kubernetes", "--kubeconfig", kubeconfig.path, "--port", `${port}`];
	const result = parseConfig([...flags, "--namespace", namespace], {});
	if (result.kind !== "config") throw new Error(`bad flags: ${JSON.stringify(result)}`);
	const app = createApp(result.config);
	app.listen().catch(() => {});
	stack.defer(() => app.close());
	const url = `http://127.0.0.1:${port}`;
	await poll("the service is ready", async () => (await fetch(`${url}/readyz`)).status === 200);
	const client = createWukongClient({ transport: createGrpcTransport({ baseUrl: url }) });
	return { client, url };
}

const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };

test("a watch is told that a VM is off, and another replica goes on where it left off", async () => {
	const namespace = await createNamespace(admin);
	const one = await startReplica(namespace);
	const other = await startReplica(namespace);
	const stream = recordWatch(one.client, { namespace });
	stack.defer(() => stream.close());
	await stream.until("it is live", () => stream.events.at(-1)?.type === EventType.SYNCED);
	const ref = { namespace, name: "web" };
	const { wukong } = await one.client.rpc.createWukong({ wukong: { ...ref, spec } });
	const player = createKubeVirtPlayer(admin, { ...ref, uid: wukong?.uid ?? "" });
	await player.create(true);
	await player.start();
	await player.run();
	const told = () => stream.events.at(-1)?.wukong?.status;
	await stream.until("it runs", () => told()?.powerState === Power.RUNNING);
	expect(stream.events.at(-1)?.resourceVersion.split("~")).toHaveLength(3);

	const stopped = await one.client.rpc.stopWukong(ref);
	expect(stopped.wukong?.status?.powerState).toBe(Power.STOPPING);
	await player.tell(false);
	await player.goOff();
	await stream.until("it is off", () => told()?.powerState === Power.STOPPED);

	const { watcher } = stream;
	await stream.close();
	await pause(1_100);
	const started = await other.client.rpc.startWukong(ref);
	expect(started.wukong?.status?.powerState).toBe(Power.STARTING);
	await player.tell(true);
	await player.start();
	await player.run();
	const resumed = recordWatch(other.client, { namespace, watcher });
	stack.defer(() => resumed.close());
	await resumed.until(
		"it runs again",
		() => resumed.events.at(-1)?.wukong?.status?.powerState === Power.RUNNING,
	);
	expect(resumed.events.map(({ type }) => EventType[type])).not.toContain("RESET");
	const list = await one.client.rpc.listWukongs({
		namespace,
		minResourceVersion: resumed.events.at(-1)?.resourceVersion ?? "",
	});
	expect(list.wukongs.map(({ status }) => status?.powerState)).toEqual([Power.RUNNING]);
});

describe("beside the public operator, which says Running from then on whatever becomes of the VM,", () => {
	/** A Wukong whose operator has said Running, and whose VM is not there yet. */
	async function startLife() {
		const namespace = await createNamespace(admin);
		const operator = await startOperator(cluster.apiServer.access(), namespace, {
			profile: "public-437e853",
		});
		stack.defer(() => operator.close());
		const { client } = await startReplica(namespace);
		const ref = { namespace, name: "web" };
		const { wukong } = await client.rpc.createWukong({ wukong: { ...ref, spec } });
		const player = createKubeVirtPlayer(admin, { ...ref, uid: wukong?.uid ?? "" });
		const status = async () => (await client.rpc.getWukong(ref)).wukong?.status;
		/** Waits for less than the minute after which the store looks by itself. */
		const becomes = (state: Power, reason: string) =>
			poll(
				`it is ${Power[state]} ${reason}`,
				async () => {
					const { powerState, powerReason } = (await status()) ?? {};
					return powerState === state && powerReason === reason;
				},
				50_000,
			);
		await poll("the operator says Running", async () => (await status())?.phase === "Running");
		return { client, ref, player, status, becomes };
	}

	test("it is RUNNING only while it runs, and STOPPED after it went off", async () => {
		const { client, ref, player, status, becomes } = await startLife();
		expect(await status()).toMatchObject({
			powerState: Power.STARTING,
			powerReason: "NoVirtualMachine",
		});
		await player.create(true);
		await player.start();
		await becomes(Power.STARTING, "Starting");
		await player.run();
		await becomes(Power.RUNNING, "Running");
		await client.rpc.stopWukong(ref);
		await becomes(Power.STOPPING, "Running");
		await player.tell(false);
		await player.goOff();
		await becomes(Power.STOPPED, "Stopped");
		expect(await status()).toMatchObject({ phase: "Running", kubevirtStatus: "Stopped" });
		await pause(1_100);
		await client.rpc.startWukong(ref);
		await becomes(Power.STARTING, "Stopped");
	});

	test("a deletion whose finalizer hangs is STOPPED once the VM is gone", async () => {
		const { client, ref, player, status, becomes } = await startLife();
		await player.create(true);
		await player.start();
		await player.run();
		await becomes(Power.RUNNING, "Running");
		await client.rpc.deleteWukong(ref);
		await becomes(Power.STOPPING, "Running");
		await player.drop();
		await becomes(Power.STOPPED, "WaitingForFinalizer");
		expect((await status())?.powerMessage).toContain("waits for a finalizer");
	});
});

test("Start of a VM that was stopped from outside makes the operator act", async () => {
	const namespace = await createNamespace(admin);
	const { client } = await startReplica(namespace);
	const ref = { namespace, name: "web" };
	const { wukong } = await client.rpc.createWukong({ wukong: { ...ref, spec } });
	const player = createKubeVirtPlayer(admin, { ...ref, uid: wukong?.uid ?? "" });
	await player.create(true);
	await player.start();
	await player.run();
	await pause(1_100);
	await player.tell(false);
	await player.goOff();
	const status = async () => (await client.rpc.getWukong(ref)).wukong?.status;
	await poll("it is off", async () => (await status())?.powerReason === "StoppedOutside");
	await pause(1_100);
	const { changed, wukong: started } = await client.rpc.startWukong(ref);
	expect(changed).toBe(true);
	expect(started?.status?.powerState).toBe(Power.STARTING);
	const again = await client.rpc.startWukong(ref);
	expect(again.changed).toBe(false);
});

test("/readyz says, where asked for all, which kinds are followed", async () => {
	const namespace = await createNamespace(admin);
	const { url } = await startReplica(namespace);
	const text = async (path: string) => (await fetch(`${url}${path}`)).text();
	expect(await text("/readyz")).toBe("ready\n");
	expect((await text("/readyz?verbose")).split("\n")).toEqual([
		"ready",
		"virtualmachines.kubevirt.io: followed",
		"virtualmachineinstances.kubevirt.io: followed",
		"",
	]);
});
