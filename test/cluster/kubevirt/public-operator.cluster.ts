import { setTimeout as pause } from "node:timers/promises";
import { WukongStatus_PowerState as Power, type Wukong } from "@novasphere/wukong-gen/wukong";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keyOf } from "../../../server/src/resource/object.ts";
import type { Store } from "../../../server/src/store/store.ts";
import { createRecordingSink, type RecordingSink } from "../../server/store/recording-sink.ts";
import {
	change,
	createOptions,
	refTo,
	setLabel,
	writeOptions,
	wukongNamed,
} from "../../server/store/write.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { createClusterStore } from "../cluster-store.ts";
import { createKubeApi, type KubeApi } from "../kube-api.ts";
import { startOperator } from "../operator.ts";
import { poll } from "../poll.ts";
import { serviceAccess } from "../service-access.ts";
import { createNamespace } from "../test-namespace.ts";
import { installDefinition, wukongPath } from "../wukong-resource.ts";
import { installKubeVirtDefinitions } from "./kubevirt-objects.ts";
import { createKubeVirtPlayer } from "./kubevirt-player.ts";

// What becomes of a VM, row by row, while the public operator is at work on it; KubeVirt is played by hand.

let cluster: Cluster;
let admin: KubeApi;
let namespace: string;
/** Under the service's own rights. */
let store: Store;
let sink: RecordingSink;
let operator: { close(): Promise<void> };
let names = 0;
/** Names of VMs whose run has failed, which the operator does not hear of by itself. */
const failed = new Set<string>();

const startPublicOperator = () =>
	startOperator(cluster.apiServer.access(), namespace, {
		profile: "public-437e853",
		hasFailed: ({ name }) => failed.has(name),
	});

beforeAll(async () => {
	cluster = await startCluster();
	admin = createKubeApi(cluster.apiServer.access());
	await installDefinition(admin);
	await installKubeVirtDefinitions(admin);
	namespace = await createNamespace(admin);
	const access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
	store = await createClusterStore(access, namespace);
	sink = createRecordingSink();
	await store.start(sink);
	operator = await startPublicOperator();
});
afterAll(async () => {
	await operator?.close();
	await store?.close();
	admin?.close();
	await cluster?.close();
});

/** A Wukong that the operator leads as far as it does, and who plays its VM. */
async function stage(autoStart = true) {
	const name = `web-${names++}`;
	const spec = { startStrategy: { autoStart } };
	const { uid } = await store.create(wukongNamed(name, spec, namespace), createOptions);
	const ref = refTo(name, namespace);
	const player = createKubeVirtPlayer(admin, { namespace, name, uid });
	const now = (): Wukong | undefined => sink.objects.get(keyOf(ref));
	const phase = () => now()?.status?.phase;
	const words = (wukong = now()) =>
		`${Power[wukong?.status?.powerState ?? 0]} ${wukong?.status?.powerReason}`;
	const becomes = (expected: string) =>
		poll(`${name} is ${expected}`, async () => words() === expected);
	const says = (word: string) =>
		poll(`${name} is said to be ${word}`, async () => phase() === word);
	const changes = () => sink.changes.filter(({ object }) => object.name === name);
	return { name, ref, player, phase, words, becomes, says, changes };
}

/** One that runs, and of which the operator says so for ever. */
async function running() {
	const made = await stage();
	await made.says("Running");
	await made.player.create(true);
	await made.player.start();
	await made.player.run();
	await made.becomes("RUNNING Running");
	await made.says("Running");
	return made;
}

/** Times of Kubernetes are whole seconds: what follows is later. */
const nextSecond = () => pause(1_100);

test("a create is STARTING although the operator says Running, and RUNNING once it runs", async () => {
	const { player, becomes, says } = await stage();
	await says("Running");
	await becomes("STARTING NoVirtualMachine");
	await player.create(true);
	await player.start();
	await becomes("STARTING Starting");
	await player.run();
	await becomes("RUNNING Running");
});

test("a stop is STOPPED once the VM is off, and a start after that STARTING until it runs", async () => {
	const { ref, player, becomes, phase } = await running();
	const wish = (autoStart: boolean) =>
		store.edit(
			ref,
			change(({ spec }) => {
				if (spec?.startStrategy) spec.startStrategy.autoStart = autoStart;
			}),
			writeOptions,
		);
	await wish(false);
	await becomes("STOPPING Running");
	await player.tell(false);
	await player.goOff();
	await becomes("STOPPED Stopped");
	expect(phase()).toBe("Running");
	await nextSecond();
	await wish(true);
	await becomes("STARTING Stopped");
	await player.tell(true);
	await player.start();
	await becomes("STARTING Starting");
	await player.run();
	await becomes("RUNNING Running");
});

test("a VM that is created off is STOPPED, whatever the operator says of it", async () => {
	const { player, becomes, says } = await stage(false);
	await says("Creating");
	await player.create(false);
	await becomes("STOPPED Stopped");
});

test.each([
	["CrashLoopBackOff", "ERROR", { type: "Failure", status: "True", message: "panic" }],
	["ErrorUnschedulable", "ERROR", { type: "PodScheduled", status: "False", message: "no node" }],
	["Paused", "PAUSED", { type: "Paused", status: "True", reason: "PausedByUser" }],
	["Migrating", "RUNNING", { type: "Ready", status: "True" }],
] as const)("%s is %s beside Running, and over when it is", async (word, state, condition) => {
	const { player, becomes, phase } = await running();
	await player.say(word, [condition]);
	await becomes(`${state} ${word}`);
	expect(phase()).toBe("Running");
	await player.say("Running", [{ type: "Ready", status: "True" }]);
	await becomes("RUNNING Running");
});

test("a guest that shuts down is started again: STOPPING, STARTING, RUNNING", async () => {
	const { player, becomes } = await running();
	await player.say("Stopping");
	await becomes("STOPPING Stopping");
	await player.dropInstance();
	await player.start();
	await becomes("STARTING Starting");
	await player.run();
	await becomes("RUNNING Running");
});

test("`virtctl stop` is STOPPED, from outside", async () => {
	const { player, becomes, phase } = await running();
	await nextSecond();
	await player.tell(false);
	await player.goOff();
	await becomes("STOPPED StoppedOutside");
	expect(phase()).toBe("Running");
});

test("a deletion whose finalizer hangs is STOPPING while there is a VM, then STOPPED", async () => {
	const { ref, player, becomes } = await running();
	await store.remove(ref, () => {}, writeOptions);
	await becomes("STOPPING Running");
	await player.drop();
	await becomes("STOPPED WaitingForFinalizer");
});

test("a run that has failed is ERROR, and stays so while the operator goes round", async () => {
	const { name, ref, player, becomes, phase, words, changes } = await running();
	await nextSecond();
	const phaseTransitionTimestamp = new Date().toISOString();
	await player.sayOfInstance({
		phase: "Failed",
		phaseTransitionTimestamps: [{ phase: "Failed", phaseTransitionTimestamp }],
	});
	await player.say("Stopped", [{ type: "Ready", status: "False", reason: "PodFailed" }]);
	await becomes("ERROR Failed");
	expect(phase()).toBe("Running");
	const before = changes().length;
	failed.add(name);
	await store.edit(ref, setLabel("touched", "1"), writeOptions);
	await poll("it goes round", async () => changes().length > before + 20);
	failed.delete(name);
	const later = changes().slice(before);
	expect([...new Set(later.map(({ object }) => words(object)))]).toEqual(["ERROR Failed"]);
	expect(new Set(later.map(({ object }) => object.status?.phase))).toContain("Error");
});

test("a restart of the operator renews its stamps, and tells nobody anything", async () => {
	const { ref, changes } = await running();
	const path = wukongPath(namespace, ref.name);
	const version = async () =>
		BigInt((await admin.expect({ method: "GET", path })).metadata.resourceVersion);
	await nextSecond();
	const before = changes().length;
	const stamped = await version();
	await operator.close();
	operator = await startPublicOperator();
	await poll("it has looked", async () => (await version()) > stamped);
	const renewed = await version();
	await poll("all has come", async () => sink.head >= renewed);
	expect(changes().slice(before)).toEqual([]);
});
