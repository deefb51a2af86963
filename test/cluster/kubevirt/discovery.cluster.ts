import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keyOf } from "../../../server/src/resource/object.ts";
import type { Store } from "../../../server/src/store/store.ts";
import { createRecordingSink, type RecordingSink } from "../../server/store/recording-sink.ts";
import { createOptions, refTo, writeOptions, wukongNamed } from "../../server/store/write.ts";
import { until } from "../../support/until.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { createClusterStore } from "../cluster-store.ts";
import { createKubeApi, type KubeAccess, type KubeApi } from "../kube-api.ts";
import { poll } from "../poll.ts";
import { serviceAccess } from "../service-access.ts";
import { createNamespace } from "../test-namespace.ts";
import { installDefinition } from "../wukong-resource.ts";
import { installKubeVirtDefinitions, kubevirtPath } from "./kubevirt-objects.ts";
import { createKubeVirtPlayer } from "./kubevirt-player.ts";

let cluster: Cluster;
let admin: KubeApi;
let namespace: string;
/** The rights of deploy/rbac. */
let access: KubeAccess;
beforeAll(async () => {
	cluster = await startCluster();
	admin = createKubeApi(cluster.apiServer.access());
	await installDefinition(admin);
	namespace = await createNamespace(admin);
	access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
});
afterAll(async () => {
	admin?.close();
	await cluster?.close();
});

/** A store that looks often whether KubeVirt has come or gone. */
async function startStore(): Promise<{ store: Store; sink: RecordingSink; mode(): number }> {
	const store = await createClusterStore(access, namespace, {
		reflectorTimings: { recheckMs: 200 },
	});
	const sink = createRecordingSink();
	await store.start(sink);
	return { store, sink, mode: () => 1 + (sink.state.joined?.length ?? 0) };
}

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

test("KubeVirt that comes, is withheld from us, and goes is noticed; power is told by what is known", async () => {
	const { store, sink, mode } = await startStore();
	try {
		const notes = () => (store.freshness().notes ?? []).join("\n");
		expect(mode()).toBe(1);
		expect(notes()).toContain("the cluster does not serve it");
		const ref = refTo("web", namespace);
		const { uid, resourceVersion } = await store.create(
			wukongNamed("web", {}, namespace),
			createOptions,
		);
		expect(resourceVersion).toMatch(/^[0-9]+-/);
		const status = () => sink.objects.get(keyOf(ref))?.status;

		await installKubeVirtDefinitions(admin);
		await until("KubeVirt is there", () => mode() === 3);
		const player = createKubeVirtPlayer(admin, { ...ref, uid });
		await player.create(true);
		await player.start();
		await player.run();
		await until("it runs", () => status()?.kubevirtStatus === "Running");
		await player.say("Paused");
		await until("it is paused", () => status()?.powerState === Power.PAUSED);

		// The right is withdrawn: the operator's word is what is left.
		const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/wukong-api`;
		const { rules } = await admin.expect({ method: "GET", path: role });
		const without = rules.filter(
			(rule: { apiGroups: string[] }) => !rule.apiGroups.includes("kubevirt.io"),
		);
		expect(without).toHaveLength(rules.length - 1);
		await admin.expect({ method: "PATCH", path: role, body: { rules: without } });
		const caller = createKubeApi(access);
		await poll("the right is gone", async () => {
			const path = kubevirtPath("virtualmachines", namespace);
			return (await caller.send({ method: "GET", path })).status === 403;
		});
		caller.close();
		const fresh = await startStore();
		try {
			expect(fresh.mode()).toBe(1);
			expect((fresh.store.freshness().notes ?? []).join("\n")).toContain(
				"we may not list and watch it",
			);
			expect(fresh.sink.objects.get(keyOf(ref))?.status).toMatchObject({
				powerState: Power.RUNNING,
				kubevirtStatus: "",
			});
			expect(fresh.store.freshness()).toMatchObject({ staleSinceMs: undefined });
			await admin.expect({ method: "PATCH", path: role, body: { rules } });
			await until("it may again", () => fresh.mode() === 3);
		} finally {
			await fresh.store.close();
		}

		// The right is back: the first store has followed all along, or follows again.
		await until("it follows", () => mode() === 3);
		for (const plural of ["virtualmachineinstances", "virtualmachines"]) {
			await admin.expect({ method: "DELETE", path: `${definitions}/${plural}.kubevirt.io` });
		}
		await until("KubeVirt is gone", () => mode() === 1);
		expect(status()?.kubevirtStatus).toBe("");
		expect(sink.objects.get(keyOf(ref))?.resourceVersion).toMatch(/^[0-9]+-/);
		await poll("it is not served", async () => {
			const path = kubevirtPath("virtualmachines", namespace);
			return (await admin.send({ method: "GET", path })).status === 404;
		});
		await store.remove(ref, () => {}, writeOptions);
		await until("it is gone", () => sink.objects.size === 0);
	} finally {
		await store.close();
	}
});
