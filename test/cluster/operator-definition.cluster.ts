import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "../../server/src/store/store.ts";
import { createRecordingSink } from "../server/store/recording-sink.ts";
import { change, createOptions, refTo, writeOptions, wukongNamed } from "../server/store/write.ts";
import { operatorSchema } from "../support/operator-schema.ts";
import { startApp } from "../support/running-app.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { createClusterStore } from "./cluster-store.ts";
import { createKubeApi, type Document, type KubeApi } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { poll } from "./poll.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath } from "./wukong-resource.ts";

let cluster: Cluster;
let admin: KubeApi;
let namespace: string;
/** Under the service's own rights, as the service starts it. */
let store: Store;
const fillIns = { storageClass: "longhorn", networkType: "bridge" };

beforeAll(async () => {
	cluster = await startCluster();
	admin = createKubeApi(cluster.apiServer.access());
	await installOperatorDefinition(admin);
	namespace = await createNamespace(admin);
	const access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
	store = await createClusterStore(access, namespace, { fillIns });
	await store.start(createRecordingSink());
});
afterAll(async () => {
	await store.close();
	admin.close();
	await cluster.close();
});

/** The public operator's definition, with its webhook off: no defaults. */
async function installOperatorDefinition(api: KubeApi): Promise<void> {
	await api.expect({
		method: "POST",
		path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
		body: {
			apiVersion: "apiextensions.k8s.io/v1",
			kind: "CustomResourceDefinition",
			metadata: { name: "wukongs.vm.novasphere.dev" },
			spec: {
				group: "vm.novasphere.dev",
				scope: "Namespaced",
				names: { plural: "wukongs", singular: "wukong", kind: "Wukong", listKind: "WukongList" },
				versions: [
					{
						name: "v1alpha1",
						served: true,
						storage: true,
						subresources: { status: {} },
						schema: { openAPIV3Schema: operatorSchema },
					},
				],
			},
		},
	});
	await poll("Wukongs are served, and their schema told", async () => {
		const list = await api.send({ method: "GET", path: wukongPath() });
		const path = "/openapi/v3/apis/vm.novasphere.dev/v1alpha1";
		return list.status === 200 && (await api.send({ method: "GET", path })).status === 200;
	});
}

test("the greeting's own create passes on the operator's definition without its webhook", async () => {
	const given = wukongNamed(
		"web-1",
		{ disks: [{ name: "root", size: "20Gi", boot: true }] },
		namespace,
	);
	const made = await store.create(given, createOptions);
	expect(made.spec?.disks[0]).toMatchObject({ storageClassName: "longhorn", boot: true });
	expect(store.warningsOf?.(given).map(({ field }) => field)).toEqual([
		"wukong.spec.disks[0].boot",
	]);
});

test("the service, as it is started, takes that create and names the field that has no effect", async () => {
	const access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
	await using kubeconfig = await writeKubeconfig(access);
	const flags = [
		"--store",
		"kubernetes",
		"--kubeconfig",
		kubeconfig.path,
		"--namespace",
		namespace,
	];
	await using app = await startApp(...flags);
	const spec = { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi", boot: true }] };
	const response = await fetch(`${app.url}/novasphere.v1.WukongService/CreateWukong`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ wukong: { namespace, name: "greeted", spec } }),
	});
	expect([response.status, await response.json()]).toMatchObject([
		200,
		{
			wukong: { spec: { disks: [{ storageClassName: "longhorn" }] } },
			warnings: [{ field: "wukong.spec.disks[0].boot" }],
		},
	]);
});

test("what is warned of as dropped is dropped, and nothing else", async () => {
	const given = wukongNamed(
		"pruned",
		{
			gpus: [{ name: "gpu", deviceName: "nvidia.com/GP102GL" }],
			restoreFromSnapshot: "s1",
			networks: [{ name: "default", primary: true, nodeIp: "192.0.2.1" }],
		},
		namespace,
	);
	for (const validateOnly of [true, false]) {
		const made = await store.create(given, { ...createOptions, validateOnly });
		expect(made.spec?.networks[0]).toMatchObject({ primary: true, nodeIp: "", type: "bridge" });
		expect(made.spec).toMatchObject({ gpus: given.spec?.gpus, restoreFromSnapshot: "s1" });
		expect(store.warningsOf?.(given).map(({ field }) => field)).toEqual([
			"wukong.spec.networks[0].node_ip",
			"wukong.spec.restore_from_snapshot",
		]);
	}
});

test("the operator's first write of a VM that is off raises neither generation nor version", async () => {
	const given = wukongNamed(
		"off",
		{ startStrategy: { autoStart: false }, cloudInitUser: { name: "ops", lockPasswd: false } },
		namespace,
	);
	const made = await store.create(given, createOptions);
	const path = wukongPath(namespace, "off");
	const raw = await admin.expect({ method: "GET", path });
	const typed: Document = JSON.parse(JSON.stringify(raw), (_, value) =>
		value === false ? undefined : value,
	);
	typed.metadata.finalizers = ["vm.novasphere.dev/finalizer"];
	await admin.expect({ method: "PUT", path, body: typed });
	const edited = await store.edit(
		refTo("off", namespace),
		change((next) => {
			next.labels.tier = "web";
		}),
		writeOptions,
	);
	expect([made.generation, edited.generation]).toEqual([1n, 1n]);
	expect(edited.spec).toEqual(made.spec);
	expect(edited.spec?.startStrategy?.autoStart).toBe(false);
});
