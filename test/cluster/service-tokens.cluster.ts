import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongEvent_Type as EventType } from "@novasphere/wukong-gen/wukong-service";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createApp } from "../../server/src/app/app.ts";
import { systemClock } from "../../server/src/clock.ts";
import { parseConfig } from "../../server/src/config/config.ts";
import { placesIn } from "../../server/src/resource/version.ts";
import { createKubernetesStore } from "../../server/src/store/kubernetes/kubernetes-store.ts";
import type { ReflectorTimings } from "../../server/src/store/kubernetes/reflector-timings.ts";
import { createMetrics } from "../../server/src/telemetry/metrics.ts";
import { createWukongClient, type WukongClient } from "../../web-client/src/client.ts";
import type { WatchClient } from "../support/watch-client.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { createKubeApi, type KubeApi } from "./kube-api.ts";
import { type KubeconfigFile, writeKubeconfig } from "./kubeconfig.ts";
import { type RecordedQuery, type RecordedWatch, recordWatch } from "./recorded-watch.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { installDefinition, wukongPath, wukongResource } from "./wukong-resource.ts";

/** How far in the past replicas start here: the usual thousands would take long to write. */
const historyVersions = 20n;

let cluster: Cluster;
let admin: KubeApi;
let namespace: string;
let kubeconfig: KubeconfigFile;
const whole = new AsyncDisposableStack();
let stack = new AsyncDisposableStack();

beforeAll(async () => {
	cluster = await startCluster();
	whole.defer(() => cluster.close());
	admin = createKubeApi(cluster.apiServer.access());
	whole.defer(() => admin.close());
	await installDefinition(admin);
	namespace = await createNamespace(admin);
	const access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
	kubeconfig = whole.use(await writeKubeconfig(access));
	// A replica starts in the past only where the API server's own history reaches back so far.
	for (let count = 0n; count < historyVersions; count++) await make();
});
afterEach(async () => {
	await stack.disposeAsync();
	stack = new AsyncDisposableStack();
});
afterAll(() => whole.disposeAsync());

/** Starts a replica. */
async function startReplica(timings: Partial<ReflectorTimings> = {}): Promise<WukongClient> {
	const result = parseConfig(["--port", "0"], {});
	if (result.kind !== "config") throw new Error("the defaults are refused");
	const metrics = createMetrics({ processMetrics: false });
	const store = createKubernetesStore({
		kubeconfig: kubeconfig.path,
		context: "",
		maxConnections: 64,
		namespace,
		clock: systemClock,
		observer: metrics.upstream,
		reflectorTimings: {
			historyVersions,
			backoff: { minMs: 10, maxMs: 200, healthyMs: 60_000 },
			...timings,
		},
	});
	const app = createApp(result.config, { store, metrics });
	stack.defer(() => app.close());
	const { url } = await app.listen();
	return createWukongClient({ transport: createGrpcTransport({ baseUrl: url }) });
}

/** Opens a stream; resolves at its SYNCED. */
async function watch(
	client: WukongClient,
	query: Omit<RecordedQuery, "namespace"> = {},
): Promise<RecordedWatch> {
	const stream = recordWatch(client, { namespace, ...query });
	stack.defer(() => stream.close());
	await stream.until("it is in sync", () => stream.watcher.synced);
	return stream;
}

/** Watches and leaves. @returns a client that lost its connection, with a token in hand */
async function watched(client: WukongClient): Promise<WatchClient> {
	const stream = await watch(client);
	await stream.close();
	return stream.watcher;
}

const inShort = ({ events }: RecordedWatch) =>
	events.map(({ type, wukong }) => `${EventType[type]} ${wukong?.name ?? ""}`.trim());

let made = 0;
/** Makes a Wukong past the service. @returns its name */
async function make(): Promise<string> {
	const name = `vm-${++made}`;
	await admin.expect({
		method: "POST",
		path: wukongPath(namespace),
		body: wukongResource(name),
	});
	return name;
}

const remove = (name: string) =>
	admin.expect({ method: "DELETE", path: wukongPath(namespace, name) });

/** The stream's client holds what the cluster has, in its newest state. */
async function expectTruth(stream: RecordedWatch): Promise<void> {
	const { items } = await admin.expect({ method: "GET", path: wukongPath(namespace) });
	const truth = items.map(({ metadata }: { metadata: Record<string, string> }) => [
		`${namespace}/${metadata.name}`,
		metadata.resourceVersion,
	]);
	const holds = () =>
		[...stream.watcher.held].map(([key, wukong]) => [key, placesIn(wukong.resourceVersion)]).sort();
	await stream.until("it holds what there is", () => `${holds()}` === `${truth}`);
}

test("a token of one replica goes on at another one, and at one that is started later", async () => {
	const [first, second] = await Promise.all([startReplica(), startReplica()]);
	const gone = await make();
	const [one, other] = [await watched(first), await watched(first)];
	expect(one.held.has(`${namespace}/${gone}`)).toBe(true);
	const added = await make();
	await remove(gone);

	for (const [client, watcher] of [
		[second, one],
		[await startReplica(), other],
	] as const) {
		const stream = await watch(client, { watcher });
		await expectTruth(stream);
		// SYNCED may come first: what this replica has not heard of itself is not missed.
		const changes = inShort(stream).filter((word) => word !== "SYNCED");
		expect(changes).toEqual([`ADDED ${added}`, `DELETED ${gone}`]);
	}
});

test("a restart of the API server ends in the right state: streams go on, a replica that is started after it says RESET", async () => {
	const first = await startReplica();
	const stream = await watch(first);
	const lost = await watched(first);
	const gone = await make();
	await stream.until("it has come", () => inShort(stream).includes(`ADDED ${gone}`));

	await cluster.apiServer.kill();
	await cluster.apiServer.start();
	await remove(gone);
	const added = await make();
	await expectTruth(stream);
	expect(inShort(stream)).not.toContain("RESET");

	const fresh = await watch(await startReplica(), { watcher: lost });
	expect(inShort(fresh)[0]).toBe("RESET");
	expect(inShort(fresh)).toContain(`ADDED ${added}`);
	await expectTruth(fresh);
});

test("after a restore of etcd, tokens of before are RESET, and open streams, too", async () => {
	// A watch from a version that does not exist any more is silent; the ends of watches tell.
	const watchful = { minWatchMs: 1_000, maxWatchMs: 1_000, hastyEndMs: 0, versionCheckMs: 0 };
	const first = await startReplica(watchful);
	await make();
	await cluster.backUp();
	const stream = await watch(first, { restored: true });
	const lost = await make();
	await stream.until("it has come", () => inShort(stream).includes(`ADDED ${lost}`));
	const before = await watched(first);

	await cluster.restore();
	const fresh = await watch(await startReplica(), { watcher: before, restored: true });
	expect(inShort(fresh)[0]).toBe("RESET");
	expect(fresh.watcher.held.has(`${namespace}/${lost}`)).toBe(false);
	await expectTruth(fresh);
	await expectTruth(stream);
	expect(inShort(stream)).toContain("RESET");
	const added = await make();
	for (const each of [fresh, stream]) {
		await each.until("it goes on", () => each.watcher.held.has(`${namespace}/${added}`));
	}
});
