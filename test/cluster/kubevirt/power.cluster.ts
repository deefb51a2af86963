import { setTimeout as pause } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { WukongStatus_PowerState as Power, type Wukong } from "@novasphere/wukong-gen/wukong";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyOf } from "../../../server/src/resource/object.ts";
import type { Store } from "../../../server/src/store/store.ts";
import { createRecordingSink, type RecordingSink } from "../../server/store/recording-sink.ts";
import {
	change,
	createOptions,
	refTo,
	writeOptions,
	wukongNamed,
} from "../../server/store/write.ts";
import { until } from "../../support/until.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { createClusterStore } from "../cluster-store.ts";
import { createKubeApi, type KubeApi } from "../kube-api.ts";
import { serviceAccess } from "../service-access.ts";
import { createNamespace } from "../test-namespace.ts";
import { installDefinition, wukongPath } from "../wukong-resource.ts";
import { installKubeVirtDefinitions } from "./kubevirt-objects.ts";
import { createKubeVirtPlayer } from "./kubevirt-player.ts";

let cluster: Cluster;
let admin: KubeApi;
let namespace: string;
/** Under the service's own rights. */
let store: Store;
let sink: RecordingSink;
let names = 0;

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
});
afterAll(async () => {
	await store?.close();
	admin?.close();
	await cluster?.close();
});

type Wish = "on" | "off";

/** A Wukong of its own, and who plays its VM. */
async function stage(wish: Wish = "on") {
	const name = `web-${names++}`;
	const startStrategy = { autoStart: wish === "on" };
	const made = await store.create(wukongNamed(name, { startStrategy }, namespace), createOptions);
	const ref = refTo(name, namespace);
	const player = createKubeVirtPlayer(admin, { namespace, name, uid: made.uid });
	const now = (): Wukong | undefined => sink.objects.get(keyOf(ref));
	const words = () => {
		const { powerState = 0, powerReason = "" } = now()?.status ?? {};
		return `${Power[powerState]} ${powerReason}`.trim();
	};
	/** Waits for a state and reason, for less than the minute after which the store looks by itself. */
	const becomes = (expected: string) =>
		until(`${name} is ${expected}, not ${words()}`, () => words() === expected, 50_000);
	const message = () => now()?.status?.powerMessage ?? "";
	const wishFor = (wanted: Wish) =>
		store.edit(
			ref,
			change(({ spec }) => {
				if (spec?.startStrategy) spec.startStrategy.autoStart = wanted === "on";
			}),
			writeOptions,
		);
	/** Start, where the wish stands already. */
	const wake = () =>
		store.edit(
			ref,
			(current) => ({ ...change(() => {})(current), wakeOperator: true }),
			writeOptions,
		);
	/** A VM that runs. */
	const running = async () => {
		await player.create(true);
		await player.start();
		await player.run();
		await becomes("RUNNING Running");
	};
	return { ref, made, player, now, words, becomes, message, wishFor, wake, running };
}

describe("on the real API server, beside an operator that says Running for ever", () => {
	test("a create is STARTING from the first answer, and RUNNING only once it runs", async () => {
		const { made, player, becomes, now, words } = await stage();
		expect(made.status?.powerState).toBe(Power.STARTING);
		await becomes("STARTING NoVirtualMachine");
		await player.create(true);
		await becomes("STARTING Stopped");
		await player.start();
		await becomes("STARTING Starting");
		await player.report({ phase: "Running" });
		await pause(200);
		expect(words()).toBe("STARTING Starting");
		expect(now()?.status?.vmName).toBe(player.name);
		await player.run();
		await becomes("RUNNING Running");
		const { status } = now() ?? {};
		expect(status?.nodeName).toBe("node-1");
		expect(status?.kubevirtStatus).toBe("Running");
		expect(status?.networks).toMatchObject([{ name: "lan", ipAddress: "10.0.0.1" }]);
		const since = status?.powerSince;
		expect(Math.abs(Date.now() - (since === undefined ? 0 : timestampMs(since)))).toBeLessThan(
			30_000,
		);
	});

	test("a stop is STOPPING until the VM is off, then STOPPED", async () => {
		const { player, becomes, wishFor, running, now } = await stage();
		await running();
		const answer = await wishFor("off");
		expect(answer.status?.powerState).toBe(Power.STOPPING);
		await player.tell(false);
		await player.goOff();
		await becomes("STOPPED Stopped");
		expect(now()?.status?.phase).toBe("Running");
		expect(
			now()
				?.status?.networks.map(({ ipAddress }) => ipAddress)
				.join(),
		).toBe("");
	});

	test("a start after that is STARTING, RUNNING only when there is a run", async () => {
		const { player, becomes, wishFor, running } = await stage();
		await running();
		await wishFor("off");
		await player.tell(false);
		await player.goOff();
		await becomes("STOPPED Stopped");
		// Times of Kubernetes are whole seconds.
		await pause(1_100);
		const answer = await wishFor("on");
		expect(answer.status?.powerState).toBe(Power.STARTING);
		await becomes("STARTING Stopped");
		await player.tell(true);
		await player.start();
		await becomes("STARTING Starting");
		await player.run();
		await becomes("RUNNING Running");
	});

	test("a VM that is created off is STOPPED", async () => {
		const { made, player, becomes } = await stage("off");
		expect(made.status?.powerState).toBe(Power.STOPPED);
		await player.create(false);
		await becomes("STOPPED Stopped");
	});

	test("one that `virtctl stop` has stopped is STOPPED, from outside, until a Start", async () => {
		const { player, becomes, running, wake } = await stage();
		await running();
		await pause(1_100);
		await player.tell(false);
		await player.goOff();
		await becomes("STOPPED StoppedOutside");
		await pause(1_100);
		const woken = await wake();
		expect(woken.status?.powerState).toBe(Power.STARTING);
		await becomes("STARTING Stopped");
	});

	test("a guest that shuts down is started again: RUNNING, STOPPING, STARTING, RUNNING", async () => {
		const { player, becomes, running } = await stage();
		await running();
		await player.say("Stopping");
		await becomes("STOPPING Stopping");
		await player.dropInstance();
		await player.start();
		await becomes("STARTING Starting");
		await player.run();
		await becomes("RUNNING Running");
	});

	test("pause and migration are told, and where it runs after that", async () => {
		const { player, becomes, running, now } = await stage();
		await running();
		await player.say("Paused", [{ type: "Paused", status: "True", reason: "PausedByUser" }]);
		await becomes("PAUSED Paused");
		expect(now()?.status?.powerSince).toBeDefined();
		await player.say("Migrating", [{ type: "Ready", status: "True" }]);
		await becomes("RUNNING Migrating");
		await player.sayOfInstance({ nodeName: "node-2" });
		await until("it is elsewhere", () => now()?.status?.nodeName === "node-2");
		await player.say("Running", [
			{ type: "Ready", status: "True" },
			{ type: "RestartRequired", status: "True", message: "cpu changed" },
		]);
		await becomes("RUNNING Running");
		expect(now()?.status?.restartRequired).toBe(true);
	});

	test("a VM whose last run has failed is ERROR", async () => {
		const { player, becomes, running } = await stage();
		await running();
		await pause(1_100);
		await player.sayOfInstance({
			phase: "Failed",
			phaseTransitionTimestamps: [
				{ phase: "Failed", phaseTransitionTimestamp: new Date().toISOString() },
			],
		});
		await player.say("Stopped", [{ type: "Ready", status: "False", reason: "PodFailed" }]);
		await becomes("ERROR Failed");
	});

	test.each([
		["CrashLoopBackOff", { type: "Failure", status: "True", message: "panic" }, "panic"],
		[
			"ErrorUnschedulable",
			{ type: "PodScheduled", status: "False", message: "0/3 nodes are available" },
			"0/3 nodes are available",
		],
		["ErrImagePull", { type: "Synchronized", status: "False", message: "not found" }, "not found"],
		[
			"ImagePullBackOff",
			{ type: "Synchronized", status: "False", message: "back-off" },
			"back-off",
		],
		["ErrorPvcNotFound", { type: "Synchronized", status: "False", message: "no PVC" }, "no PVC"],
		[
			"DataVolumeError",
			{ type: "DataVolumesReady", status: "False", message: "no space" },
			"no space",
		],
	] as const)(
		"%s is ERROR with its reason, and no error once it is wanted off and gone",
		async (word, condition, said) => {
			const { player, becomes, message, wishFor } = await stage();
			await player.create(true);
			await player.start();
			await player.say(word, [condition]);
			await becomes(`ERROR ${word}`);
			expect(message()).toContain(said);
			await wishFor("off");
			await becomes(`STOPPING ${word}`);
			await player.dropInstance();
			await becomes(`STOPPED ${word}`);
		},
	);

	test.each([
		["Provisioning", "STARTING"],
		["WaitingForVolumeBinding", "STARTING"],
		["WaitingForReceiver", "STARTING"],
		["Terminating", "STOPPING"],
		["Unknown", "UNKNOWN"],
	])("%s is %s", async (word, state) => {
		const { player, becomes } = await stage();
		await player.create(true);
		await player.say(word);
		await becomes(`${state} ${word}`);
	});

	test("a word that is not known yet is told by the phase of the instance", async () => {
		const { player, becomes } = await stage();
		await player.create(true);
		await player.start();
		await player.say("Levitating");
		await becomes("STARTING Levitating");
		await player.run();
		await player.say("Levitating");
		await becomes("RUNNING Levitating");
	});

	test("a volume that is not bound is told, and when that counts as stuck", async () => {
		const { player, becomes, message, now, made } = await stage();
		await player.report({
			phase: "Creating",
			volumes: [{ name: "root", pvcName: "web-root", bound: false }],
		});
		await until("it is told", () => message().includes("(root)"));
		await becomes("STARTING NoVirtualMachine");
		const stuck = now()?.status?.stuckTime;
		const created = made.createTime;
		if (stuck === undefined || created === undefined) throw new Error("no times");
		expect(timestampMs(stuck) - timestampMs(created)).toBeGreaterThanOrEqual(300_000);
		expect(timestampMs(stuck) - timestampMs(created)).toBeLessThan(310_000);
	});

	test("an error of the operator, which makes no VM, is ERROR", async () => {
		const { player, becomes } = await stage();
		await player.report({ phase: "Error" });
		await becomes("ERROR Error");
	});

	test("a deletion is STOPPING while there is a VM; with a hung finalizer it is STOPPED after that", async () => {
		const { player, becomes, running, ref, now, message } = await stage();
		await running();
		const path = wukongPath(namespace, ref.name);
		const finalizers = ["example.com/never-cleared"];
		await admin.expect({ method: "PATCH", path, body: { metadata: { finalizers } } });
		await until("it has come", () => now()?.generation !== undefined);
		const { wukong } = await store.remove(ref, () => {}, writeOptions);
		expect(wukong.status?.powerState).toBe(Power.STOPPING);
		await becomes("STOPPING Running");
		await player.drop();
		await becomes("STOPPED WaitingForFinalizer");
		expect(message()).toContain("counts as stuck after 300 s");
		expect(now()?.status?.stuckTime).toBeDefined();
		await player.release();
		await until("it is gone", () => now() === undefined);
	});

	test("an operator that renews its stamps tells nobody anything", async () => {
		const { player, running, ref, now } = await stage();
		await running();
		const stamped = (second: number) => ({
			conditions: [
				{
					...{ type: "Ready", status: "True", reason: "Ready", message: "" },
					lastTransitionTime: `2026-01-01T00:00:0${second}Z`,
				},
			],
		});
		await player.report(stamped(0));
		await until("it is there", () => now()?.status?.conditions.length === 1);
		const before = sink.changes.length;
		for (let second = 1; second < 6; second++) await player.report(stamped(second));
		const { metadata } = await admin.expect({
			method: "GET",
			path: wukongPath(namespace, ref.name),
		});
		await store.newestVersion(writeOptions.signal, BigInt(metadata.resourceVersion));
		await until("all has come", () => sink.head >= BigInt(metadata.resourceVersion));
		expect(sink.changes.slice(before).filter(({ object }) => object.name === ref.name)).toEqual([]);
	});
});
