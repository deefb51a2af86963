import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
	WukongStatus_PowerState as Power,
	WukongStatusSchema,
} from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import type { PowerEvidence } from "../../../../../server/src/resource/wukong/power/evidence.ts";
import { observedStatus } from "../../../../../server/src/resource/wukong/power/observe-power.ts";
import { defaultStuckRules } from "../../../../../server/src/resource/wukong/power/power-times.ts";
import { at, condition, evidenceOf, vmiWith, vmWith } from "./evidence.ts";

const observe = (evidence: PowerEvidence) => observedStatus(evidence, defaultStuckRules);
const secondsOf = (time: ReturnType<typeof observe>["powerSince"]) =>
	time === undefined ? undefined : (timestampMs(time) - at(0)) / 1_000;

describe("an error says why, by the condition that explains it:", () => {
	const noise = condition("Ready", "False", { message: "virt-launcher pod is not ready" });
	test.each<[string, string, string]>([
		["ErrorUnschedulable", "PodScheduled", "0/3 nodes are available: 3 Insufficient memory."],
		["ErrImagePull", "Synchronized", "failed to pull image registry/none:1: not found"],
		["ImagePullBackOff", "Synchronized", "Back-off pulling image registry/none:1"],
		["ErrorPvcNotFound", "Synchronized", "PVC default/web-root does not exist"],
		["DataVolumeError", "DataVolumesReady", "importer pod failed"],
		["CrashLoopBackOff", "Failure", "the guest has panicked"],
	])("%s by %s of the instance, else of the VM", (word, type, message) => {
		const status = type === "Failure" ? "True" : "False";
		const other = condition(type === "Failure" ? "Synchronized" : type, "False", {
			message: "other",
		});
		const explaining = condition(type, status, { message });
		const byInstance = observe(
			evidenceOf("on", {
				vm: vmWith({ printableStatus: word, created: true, conditions: [noise, other] }),
				vmi: vmiWith("Pending", { conditions: [noise, explaining] }),
			}),
		);
		expect(byInstance).toMatchObject({ powerState: Power.ERROR, powerReason: word });
		expect(byInstance.powerMessage).toContain(message);
		const byVm = observe(
			evidenceOf("on", { vm: vmWith({ printableStatus: word, conditions: [noise, explaining] }) }),
		);
		expect(byVm.powerMessage).toContain(message);
		expect(byVm.powerMessage).not.toContain(noise.message);
	});

	test("CrashLoopBackOff says how often it failed, and when the next try is", () => {
		const startFailure = { count: 4, retryMs: at(80) };
		const vm = vmWith({ printableStatus: "CrashLoopBackOff", startFailure, conditions: [noise] });
		expect(observe(evidenceOf("on", { vm })).powerMessage).toBe(
			"The VM fails again and again. Starts that failed in a row: 4; the next try is at 2026-11-26T12:01:20.000Z.",
		);
	});

	test("where no such condition is there, by any other that tells of trouble, else by the word", () => {
		const vm = vmWith({ printableStatus: "DataVolumeError", conditions: [noise] });
		expect(observe(evidenceOf("on", { vm })).powerMessage).toContain(noise.message);
		const bare = vmWith({ printableStatus: "DataVolumeError" });
		expect(observe(evidenceOf("on", { vm: bare })).powerMessage).toBe(
			"A disk of the VM cannot be made.",
		);
	});

	test("the operator's error by its own condition, where it has one", () => {
		const status = {
			phase: "Error",
			conditions: [
				{ type: "Ready", status: "True", message: "fine" },
				{ type: "NetworksConfigured", status: "False", message: "no such bridge" },
			],
		};
		expect(observe(evidenceOf("on", { status })).powerMessage).toBe(
			"The operator reports an error. no such bridge",
		);
		expect(observe(evidenceOf("on", { status: { phase: "Error" } })).powerMessage).toBe(
			"The operator reports an error.",
		);
	});

	test("Unknown by the condition that says so", () => {
		const message = "the node does not answer";
		const vm = vmWith({
			printableStatus: "Unknown",
			conditions: [condition("Ready", "False", { message })],
		});
		expect(observe(evidenceOf("on", { vm })).powerMessage).toContain(message);
	});
});

describe("since when", () => {
	const since = (...given: Parameters<typeof evidenceOf>) =>
		secondsOf(observe(evidenceOf(...given)).powerSince);
	const phaseMs = { Pending: at(10), Scheduling: at(11), Scheduled: at(12), Running: at(13) };

	test("it runs is when the instance's phase says so", () => {
		const vm = vmWith({
			printableStatus: "Running",
			conditions: [condition("Ready", "True", { sinceMs: at(14) })],
		});
		expect(since("on", { vm, vmi: vmiWith("Running", { phaseMs }) })).toBe(13);
		expect(since("on", { vm, knowsInstances: false })).toBe(14);
	});

	test("it is paused is when the condition says so", () => {
		const paused = condition("Paused", "True", { sinceMs: at(20) });
		const vm = vmWith({ printableStatus: "Paused", conditions: [paused] });
		expect(since("on", { vm, vmi: vmiWith("Running", { phaseMs }) })).toBe(20);
	});

	test("it starts is when the instance came", () => {
		const vm = vmWith({ printableStatus: "Starting" });
		expect(since("on", { vm, vmi: vmiWith("Scheduling", { phaseMs }) })).toBe(10);
		expect(since("on", { vm, vmi: vmiWith("Scheduling", { createMs: at(9) }) })).toBe(9);
		expect(since("on", { vm })).toBeUndefined();
	});

	test("it is off is when it ceased to be ready, or the instance ended", () => {
		const off = condition("Ready", "False", { sinceMs: at(30) });
		const vm = vmWith({ printableStatus: "Stopped", conditions: [off] });
		expect(since("off", { vm })).toBe(30);
		expect(since("on", { vm })).toBe(30);
		const vmi = vmiWith("Failed", { phaseMs: { ...phaseMs, Failed: at(29) } });
		expect(since("on", { vm, vmi })).toBe(29);
	});

	test("is not said where the cluster does not say it", () => {
		for (const wish of ["on", "off"] as const) expect(since(wish)).toBeUndefined();
		expect(since("off", { vm: vmWith({ printableStatus: "Running" }) })).toBeUndefined();
		expect(since("on", { deletedAt: 40 })).toBeUndefined();
	});
});

describe("the time from which it counts as stuck", () => {
	const stuck = (...given: Parameters<typeof evidenceOf>) => {
		const { stuckTime, powerMessage } = observe(evidenceOf(...given));
		return [secondsOf(stuckTime), powerMessage] as const;
	};

	test("is 10 min after a start was asked for, and the message names the rule", () => {
		const [time, message] = stuck("on", { startAskedMs: at(100) });
		expect(time).toBe(700);
		expect(message).toBe(
			"The operator has not made the VM yet. A start counts as stuck after 600 s.",
		);
	});

	test("is 10 min after the last run ended, where KubeVirt starts it again by itself", () => {
		const conditions = [condition("Ready", "False", { sinceMs: at(5_000) })];
		const vm = vmWith({ printableStatus: "Starting", conditions });
		expect(stuck("on", { vm })[0]).toBe(5_600);
		const vmi = vmiWith("Scheduling", { createMs: at(5_010) });
		expect(stuck("on", { vm, vmi })[0]).toBe(5_610);
	});

	test("is 5 min where a volume is not bound, which the message names", () => {
		const volumes = [{ name: "root", bound: true }, { name: "data" }];
		const status = { phase: "Creating", volumes };
		const [time, message] = stuck("on", { status });
		expect(time).toBe(300);
		expect(message).toContain("volumes that are not bound (data) counts as stuck after 300 s");
		const vm = vmWith({ printableStatus: "WaitingForVolumeBinding" });
		expect(stuck("on", { vm })[0]).toBe(300);
		// The operator does not look again: KubeVirt says that the VM is beyond that.
		const starting = vmWith({ printableStatus: "Starting" });
		expect(stuck("on", { vm: starting, status })[0]).toBe(600);
	});

	test("is 5 min after the deletion, also when only a finalizer is left", () => {
		const vm = vmWith({ printableStatus: "Running" });
		expect(stuck("on", { vm, deletedAt: 50 })).toEqual([
			350,
			"The VM is being deleted. A deletion counts as stuck after 300 s.",
		]);
		expect(stuck("off", { deletedAt: 50 })).toEqual([
			350,
			"The VM is gone; what is left waits for a finalizer. A deletion counts as stuck after 300 s.",
		]);
	});

	test("is as configured", () => {
		const rules = { stuckStartingMs: 1_000, stuckDeletingMs: 2_000, stuckVolumeMs: 3_000 };
		const time = (evidence: PowerEvidence) => secondsOf(observedStatus(evidence, rules).stuckTime);
		expect(time(evidenceOf("on"))).toBe(1);
		expect(time(evidenceOf("on", { deletedAt: 0 }))).toBe(2);
		expect(time(evidenceOf("on", { status: { volumes: [{ name: "data" }] } }))).toBe(3);
	});

	test("is not there where nothing is on its way", () => {
		for (const word of ["Running", "Paused", "CrashLoopBackOff", "Unknown"]) {
			expect(stuck("on", { vm: vmWith({ printableStatus: word }) })[0]).toBeUndefined();
		}
		expect(stuck("off", { vm: vmWith({ printableStatus: "Stopped" }) })[0]).toBeUndefined();
	});
});

describe("beside power", () => {
	const status = {
		phase: "Running",
		nodeName: "node-old",
		networks: [
			{
				name: "lan",
				interface: "eth1",
				ipAddress: "10.0.0.1",
				macAddress: "aa",
				nadName: "lan-nad",
			},
			{ name: "dmz", ipAddress: "10.1.0.1", macAddress: "bb" },
		],
	};

	test("node and addresses are those of the instance", () => {
		const vmi = vmiWith("Running", {
			nodeName: "node-new",
			interfaces: [
				{ name: "default", interfaceName: "eth0", ipAddress: "10.2.0.2", macAddress: "cc" },
				{ name: "lan", interfaceName: "", ipAddress: "10.0.0.2", macAddress: "aa" },
			],
		});
		const vm = vmWith({ printableStatus: "Running" });
		const seen = observe(evidenceOf("on", { vm, vmi, status }));
		expect(seen).toMatchObject({ nodeName: "node-new", vmName: "web-vm", phase: "Running" });
		expect(seen.networks).toMatchObject([
			{ name: "lan", interface: "eth1", ipAddress: "10.0.0.2", nadName: "lan-nad" },
			{ name: "dmz", ipAddress: "", macAddress: "bb" },
			{ name: "default", interface: "eth0", ipAddress: "10.2.0.2", macAddress: "cc" },
		]);
	});

	test("an address is in use only while there is an instance; the node is the last one", () => {
		const vm = vmWith({ printableStatus: "Stopped" });
		const seen = observe(evidenceOf("off", { vm, status }));
		expect(seen.nodeName).toBe("node-old");
		expect(seen.networks.map(({ ipAddress }) => ipAddress)).toEqual(["", ""]);
		const unseen = observe(evidenceOf("off", { vm, status, knowsInstances: false }));
		expect(unseen.networks.map(({ ipAddress }) => ipAddress)).toEqual(["10.0.0.1", "10.1.0.1"]);
	});

	test("KubeVirt's word and a restart that is due are passed on", () => {
		const conditions = [condition("RestartRequired", "True")];
		const vm = vmWith({ printableStatus: "NewWord", conditions });
		expect(observe(evidenceOf("on", { vm }))).toMatchObject({
			kubevirtStatus: "NewWord",
			powerReason: "NewWord",
			restartRequired: true,
		});
		expect(observe(evidenceOf("on")).restartRequired).toBe(false);
	});
});

test("equal evidence is equal bytes, and the evidence stays as it is", () => {
	const evidence = () =>
		evidenceOf("on", {
			vm: vmWith({ printableStatus: "Migrating" }),
			vmi: vmiWith("Running", { nodeName: "node-1", phaseMs: { Running: at(3) } }),
		});
	const [one, other] = [evidence(), evidence()];
	const bytes = (status: ReturnType<typeof observe>) => toBinary(WukongStatusSchema, status);
	expect(bytes(observe(one))).toEqual(bytes(observe(other)));
	expect(one).toEqual(evidence());
	expect(toJsonString(WukongStatusSchema, observe(one))).toContain("STATE_RUNNING".slice(6));
	expect(observe(evidenceOf("on")).$typeName).toBe(create(WukongStatusSchema).$typeName);
});
