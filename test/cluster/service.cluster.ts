import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongStatus_PowerState as Power, type Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createWukongClient, type WukongClient } from "../../web-client/src/client.ts";
import { type RunningApp, startApp } from "../support/running-app.ts";
import { createKubeApi } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { startOperator } from "./operator.ts";
import { type RecordedWatch, recordWatch } from "./recorded-watch.ts";
import { startBalancer } from "./rolling/balancer.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath } from "./wukong-resource.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
const stack = new AsyncDisposableStack();
const namespace = await createNamespace(admin);
const spec = {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", storageClassName: "longhorn" }],
	cloudInitUser: { name: "ops", password: "hunter2-hunter2" },
};
let replicas: RunningApp[];
/** Clients whose connection the balancer gave to the first replica, and to the second. */
let first: WukongClient;
let second: WukongClient;
/** Streams of a browser on the one, of a gRPC client on the other. */
let streams: RecordedWatch[];

beforeAll(async () => {
	stack.defer(() => admin.close());
	const access = await serviceAccess(admin, cluster, namespace);
	const kubeconfig = stack.use(await writeKubeconfig(access));
	const flags = ["--store", "kubernetes", "--kubeconfig", kubeconfig.path];
	// Each state is told, so that the stories of both can be compared.
	const paced = ["--namespace", namespace, "--min-change-interval-ms", "0"];
	const start = () => startApp(...flags, ...paced);
	replicas = await Promise.all([start(), start()]);
	for (const replica of replicas) stack.use(replica);
	const operator = await startOperator(cluster, namespace);
	stack.defer(() => operator.close());

	const balancer = await startBalancer();
	stack.defer(() => balancer.close());
	for (const { url } of replicas) balancer.add(url);
	const baseUrl = balancer.url;
	const createGrpcClient = () =>
		createWukongClient({ transport: createGrpcTransport({ baseUrl }) });
	// One connection after the other, so that each goes to the next replica.
	streams = [];
	for (const client of [createWukongClient({ baseUrl }), createGrpcClient()]) {
		const stream = recordWatch(client, { namespace });
		stack.defer(() => stream.close());
		streams.push(stream);
		await stream.until("it is in sync", () => stream.watcher.synced);
	}
	[first, second] = [createGrpcClient(), createGrpcClient()];
	for (const client of [first, second]) await client.rpc.listWukongs({});
	expect(await ofReplicas("wukong_watch_streams")).toEqual([1, 1]);
	expect(await ofReplicas("wukong_requests_total")).toEqual([1, 1]);
});
afterAll(() => stack.disposeAsync());

/** A metric of each replica. */
function ofReplicas(name: string): Promise<number[]> {
	return Promise.all(replicas.map((replica) => replica.metric(name)));
}

/** Waits until both streams have told this of a VM. @returns it */
async function both(name: string, what: string, fits: (event: WukongEvent) => boolean) {
	for (const stream of streams) {
		await stream.until(`${name} ${what}`, () => told(stream, name).some(fits));
	}
}

const told = ({ events }: RecordedWatch, name: string) =>
	events.filter((event) => event.wukong?.name === name);

const state = ({ wukong }: WukongEvent) => Power[wukong?.status?.powerState ?? 0];

/** What a stream told of a VM; states that follow one another are told once. */
function story(stream: RecordedWatch, name: string): string[] {
	const words = told(stream, name).map((event) => `${EventType[event.type]} ${state(event)}`);
	return words.filter((word, index) => word !== words[index - 1]);
}

test("the whole life of a VM, led through both replicas, is told alike by both", async () => {
	const ref = { namespace, name: "web-1" };
	const wukong = { ...ref, spec };
	const created = (await first.rpc.createWukong({ wukong, requestId: "once" })).wukong;
	const again = (await second.rpc.createWukong({ wukong, requestId: "once" })).wukong;
	expect(again?.uid).toBe(created?.uid);
	await both("web-1", "runs", (event) => state(event) === "RUNNING");

	expect((await first.rpc.stopWukong(ref)).changed).toBe(true);
	await both("web-1", "has stopped", (event) => state(event) === "STOPPED");
	await second.rpc.updateWukong({ wukong: { ...ref, labels: { app: "web" }, spec: { cpu: 4 } } });
	await both("web-1", "has grown", (event) => event.wukong?.spec?.cpu === 4);
	await expect(first.rpc.updateWukong({ wukong: { ...ref, spec: { cpu: 1 } } })).rejects.toThrow();
	expect((await second.rpc.startWukong(ref)).changed).toBe(true);
	const runsAgain = ({ wukong }: WukongEvent) =>
		wukong?.spec?.cpu === 4 && wukong.status?.phase === "Running";
	await both("web-1", "runs again", runsAgain);
	expect((await first.rpc.deleteWukong(ref)).wukong?.deleteTime).toBeDefined();
	await both("web-1", "is gone", ({ type }) => type === EventType.DELETED);

	const life = ["STARTING", "RUNNING", "STOPPING", "STOPPED"].map((word) => `MODIFIED ${word}`);
	for (const stream of streams) {
		expect(story(stream, "web-1")).toEqual(["ADDED STARTING", ...life, ...life, "DELETED STOPPED"]);
		const text = JSON.stringify(stream.events, (_, value) =>
			typeof value === "bigint" ? `${value}` : value,
		);
		expect(text).not.toContain("hunter2");
	}
	const [browser, grpc] = streams.map((stream) =>
		told(stream, "web-1").map(({ type, resourceVersion }) => [EventType[type], resourceVersion]),
	);
	expect(browser).toEqual(grpc);
});

test("what kubectl edits, labels and deletes arrives as events on both", async () => {
	const path = wukongPath(namespace, "edited");
	const patch = (body: object) => admin.expect({ method: "PATCH", path, body });
	const last = (stream: RecordedWatch) => told(stream, "edited").at(-1)?.wukong;
	const arrives = async (what: string, fits: (wukong: Wukong | undefined) => boolean) => {
		for (const stream of streams) await stream.until(what, () => fits(last(stream)));
	};
	const [replica] = replicas;
	const selected = recordWatch(createWukongClient({ baseUrl: replica?.url ?? "" }), {
		namespace,
		labelSelector: "tier in (gold)",
	});
	const view = () => told(selected, "edited").map(({ type }) => EventType[type]);

	await admin.expect({
		method: "POST",
		path: wukongPath(namespace),
		body: {
			apiVersion: "vm.novasphere.dev/v1alpha1",
			kind: "Wukong",
			metadata: { name: "edited", labels: { tier: "gold" } },
			spec: { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] },
		},
	});
	await arrives("it is there", (wukong) => wukong?.status?.phase === "Running");
	await patch({ spec: { cpu: 3, startStrategy: { autoStart: false } } });
	await arrives("the edit is there", (wukong) => wukong?.spec?.cpu === 3);
	await arrives("it has stopped", (wukong) => wukong?.status?.phase === "Stopped");
	await patch({ metadata: { labels: { tier: "iron" } } });
	await arrives("the label is there", (wukong) => wukong?.labels.tier === "iron");
	await selected.until("it has left the view", () => view().at(-1) === "DELETED");
	await patch({ metadata: { labels: { tier: "gold" } } });
	await selected.until("it is back in the view", () => view().at(-1) === "ADDED");
	await admin.expect({ method: "DELETE", path });
	await both("edited", "is gone", ({ type }) => type === EventType.DELETED);
	await selected.until("it is gone from the view", () => view().at(-1) === "DELETED");
	await selected.close();
});

test("1,000 pairs of writing on one replica and reading on the other: none is stale", async () => {
	const ref = { namespace, name: "pairs" };
	await first.rpc.createWukong({ wukong: { ...ref, spec } });
	const before = await ofReplicas("wukong_requests_total");
	let stale = 0;
	for (let number = 0; number < 1_000; number++) {
		const [writer, reader] = number % 2 === 0 ? [first, second] : [second, first];
		const labels = { number: `${number}` };
		const { wukong } = await writer.rpc.updateWukong({ wukong: { ...ref, labels } });
		const minResourceVersion = wukong?.resourceVersion ?? "";
		const read = await reader.rpc.getWukong({ ...ref, minResourceVersion });
		if (read.wukong?.labels.number !== `${number}`) stale++;
	}
	expect(stale).toBe(0);
	const after = await ofReplicas("wukong_requests_total");
	expect(after.map((calls, index) => calls - (before[index] ?? 0))).toEqual([1_000, 1_000]);
});
