import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { WukongStatus_PowerState as Power, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { afterEach, describe, expect, test } from "vitest";
import { createEmbeddedStore } from "../../../../server/src/store/embedded/embedded-store.ts";
import type { OperatorOptions } from "../../../../server/src/store/simulator/operator-options.ts";
import { reconcile } from "../../../../server/src/store/simulator/reconcile.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { createRecordingSink } from "../recording-sink.ts";
import {
	change,
	createOptions,
	refTo,
	type SpecInit,
	setLabel,
	writeOptions,
	wukongNamed,
} from "../write.ts";
import { timings } from "./life.ts";

const off = { startStrategy: { autoStart: false } };
const refused = { networks: [{ name: "lan", type: "bridge", vlanId: 7 }] };
const unbound = { disks: [{ name: "root", size: "1Gi", storageClassName: "none" }] };

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const { close } of opened.splice(0)) await close();
});

/** The embedded store in the hands of the public operator. */
async function open(spec: SpecInit = {}, options: Partial<OperatorOptions> = {}) {
	const clock = createFakeClock();
	const store = createEmbeddedStore({
		dataPath: ":memory:",
		seedCount: 0,
		history: { maxChanges: 10_000, maxAgeMs: 1e9, maxBytes: 2 ** 26 },
		operator: { ...timings, profile: "public-437e853", ...options },
		clock,
		onFault: (fault) => {
			throw fault;
		},
	});
	const sink = createRecordingSink();
	await store.start(sink);
	opened.push(store);
	const made = await store.create(wukongNamed("vm", spec), createOptions);
	const ref = refTo("vm");
	const turn = (autoStart: boolean) =>
		store.edit(
			ref,
			change((next) => {
				if (next.spec?.startStrategy) next.spec.startStrategy.autoStart = autoStart;
			}),
			writeOptions,
		);
	return {
		...{ clock, store, sink, made, ref, turn },
		vm: () => sink.objects.get("default/vm"),
		phases: () => [...new Set(sink.changes.map(({ object }) => object.status?.phase))],
	};
}

describe("the public operator", () => {
	test("names the VM late: as it runs", async () => {
		const { clock, vm } = await open();
		await clock.advance(1_000);
		expect(vm()?.status).toMatchObject({ phase: "Creating", vmName: "" });
		await clock.advance(200);
		expect(vm()?.status).toMatchObject({ phase: "Running", vmName: "vm-vm" });
	});

	test("never says Stopped: only what KubeVirt would say tells that the VM is off", async () => {
		const { clock, vm, turn, phases } = await open();
		await clock.advance(2_000);
		await turn(false);
		await clock.advance(60_000);
		expect(vm()?.status).toMatchObject({
			...{ phase: "Running", kubevirtStatus: "Stopped", powerState: Power.STOPPED },
		});
		await turn(true);
		await clock.advance(1);
		expect(vm()?.status).toMatchObject({ phase: "Running", powerState: Power.STARTING });
		await clock.advance(2_000);
		expect(vm()?.status?.powerState).toBe(Power.RUNNING);
		expect(phases()).not.toContain("Stopped");
	});

	test("leaves a VM that was created off in Creating for ever", async () => {
		const { clock, vm } = await open(off);
		await clock.advance(3_600_000);
		expect(vm()?.status).toMatchObject({ phase: "Creating", powerState: Power.STOPPED });
	});

	test("follows each change by one without news, and is quiet then", async () => {
		const { clock, store, sink, ref } = await open();
		await clock.advance(10_000);
		const before = sink.changes.length;
		for (let count = 0; count < 15; count++) {
			await store.edit(ref, setLabel("count", String(count)), writeOptions);
			await clock.advance(1_000);
		}
		expect(sink.changes.length - before).toBe(30);
		await clock.advance(3_600_000);
		expect(sink.changes.length - before).toBe(30);
	});

	test("tells of a disk that waits for its volume every ten seconds, without news", async () => {
		const { clock, sink } = await open(unbound);
		await clock.advance(1_000);
		const before = sink.changes.length;
		await clock.advance(100_000);
		expect(sink.changes.length - before).toBe(10);
	});

	test("goes round between Creating and Error where it refuses a network, over a hundred times a second", async () => {
		const { clock, sink, vm, phases } = await open(refused);
		await clock.advance(1_000);
		const before = sink.changes.length;
		await clock.advance(1_000);
		const changes = sink.changes.length - before;
		expect(changes).toBeGreaterThan(100);
		expect(changes).toBeLessThan(200);
		expect(phases()).toEqual(expect.arrayContaining(["Creating", "Error"]));
		expect([Power.ERROR, Power.STARTING]).toContain(vm()?.status?.powerState);
	});

	test("ends that loop as the network is one that it can make", async () => {
		const { clock, store, vm, ref } = await open(refused);
		await clock.advance(1_000);
		const networks = change((next) => {
			if (next.spec) next.spec.networks = [];
		});
		await store.edit(ref, networks, writeOptions);
		await clock.advance(5_000);
		expect(vm()?.status).toMatchObject({ phase: "Running", powerState: Power.RUNNING });
	});

	test("does not see that a run has failed until something touches the VM, and goes round from then on, until there is a run again", async () => {
		let hasFailed = false;
		const { clock, store, sink, ref, vm } = await open({}, { hasFailed: () => hasFailed });
		await clock.advance(60_000);
		hasFailed = true;
		const before = sink.changes.length;
		await clock.advance(60_000);
		expect([vm()?.status?.phase, sink.changes.length]).toEqual(["Running", before]);
		await store.edit(ref, setLabel("touched", "1"), writeOptions);
		await clock.advance(1_000);
		const phases = sink.changes.slice(before + 1).map(({ object }) => object.status?.phase);
		expect(phases.slice(0, 3)).toEqual(["Error", "Creating", "Error"]);
		expect(phases.length).toBeGreaterThan(100);
		hasFailed = false;
		await clock.advance(1_000);
		const looped = sink.changes.length;
		await clock.advance(60_000);
		expect([vm()?.status?.phase, sink.changes.length]).toEqual(["Running", looped]);
	});

	test("drops what is false at its first write, once: the generation is 2, the wish stands", async () => {
		const { clock, store, vm, made, ref } = await open({
			...off,
			highAvailability: { antiAffinity: false },
			cloudInitUser: { name: "admin", lockPasswd: false },
		});
		expect(made.spec?.highAvailability?.antiAffinity).toBe(false);
		await clock.advance(10);
		expect(vm()).toMatchObject({ generation: 2n, spec: { startStrategy: { autoStart: false } } });
		expect(vm()?.spec?.highAvailability?.antiAffinity).toBeUndefined();
		expect(vm()?.spec?.cloudInitUser?.lockPasswd).toBeUndefined();
		const again = change((next) => {
			if (next.spec?.highAvailability) next.spec.highAvailability.antiAffinity = false;
		});
		await store.edit(ref, again, writeOptions);
		await clock.advance(10_000);
		expect(vm()?.spec?.highAvailability?.antiAffinity).toBe(false);
	});

	test("never lets a deleted VM go that has volumes: off, waiting for its finalizer, in silence", async () => {
		const { clock, store, vm, ref, sink } = await open();
		await clock.advance(10_000);
		await store.remove(ref, () => {}, writeOptions);
		await clock.advance(10_000);
		expect(vm()?.status).toMatchObject({
			...{ phase: "Running", powerState: Power.STOPPED, powerReason: "WaitingForFinalizer" },
		});
		const before = sink.changes.length;
		await clock.advance(3_600_000);
		expect(sink.changes.length).toBe(before);
	});

	test("hears nothing of a pause, which holds all the same", async () => {
		const { clock, store, vm, ref } = await open();
		await clock.advance(10_000);
		const options = { ...writeOptions, check() {} };
		await store.act(ref, { kind: "pause" }, options);
		await clock.advance(10_000);
		expect(vm()?.status).toMatchObject({ phase: "Running", powerState: Power.PAUSED });
		await store.act(ref, { kind: "restart", mode: "graceful" }, options);
		await clock.advance(10_000);
		expect(vm()?.status?.powerState).toBe(Power.RUNNING);
	});
});

describe("the public operator on a cluster, which keeps nothing of KubeVirt's for it", () => {
	const nowMs = Date.UTC(2026, 0, 1);
	const options = { ...timings, profile: "public-437e853" as const };
	/** Looks at a VM until nothing is left to do before `untilMs`. */
	const live = (spec: SpecInit, untilMs: number) => {
		let wukong = create(WukongSchema, {
			...wukongNamed("vm", spec),
			createTime: timestampFromMs(nowMs),
		});
		const phases: string[] = [];
		let atMs = nowMs;
		for (let looks = 0; looks < 50 && atMs <= nowMs + untilMs; looks++) {
			const seen = reconcile(wukong, atMs, options);
			if (seen.status === wukong.status) {
				if (seen.wakeAtMs === undefined) break;
				atMs = seen.wakeAtMs;
				continue;
			}
			if (seen.status.phase !== wukong.status?.phase) phases.push(seen.status.phase);
			wukong = { ...wukong, status: seen.status };
		}
		return { phases, wukong, atMs };
	};

	test("goes up to Running, and says nothing that is KubeVirt's to say", () => {
		const { phases, wukong } = live({}, 60_000);
		expect(phases).toEqual(["Pending", "Creating", "Running"]);
		expect(wukong.status).toMatchObject({ kubevirtStatus: "", powerReason: "" });
	});

	test("leaves the phase of a VM that runs as it is when it is wanted off", () => {
		const { wukong } = live({}, 60_000);
		const stopped = { ...wukong, spec: wukongNamed("vm", off).spec } as typeof wukong;
		const { status, wakeAtMs } = reconcile(stopped, nowMs + 61_000, options);
		expect([status.phase, wakeAtMs]).toEqual(["Running", undefined]);
	});

	test("goes round between Creating and Error", () => {
		const { phases } = live(refused, 60_000);
		expect(phases.slice(0, 6)).toEqual([
			...["Pending", "Creating", "Error", "Creating", "Error", "Creating"],
		]);
	});
});
