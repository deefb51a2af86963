import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { judgePower } from "../../../../../server/src/resource/wukong/power/power-table.ts";
import { at, condition, evidenceOf, vmiWith, vmWith } from "./evidence.ts";

type StateName = keyof typeof Power;

const wentOff = (seconds: number) =>
	condition("Ready", "False", { reason: "VMINotExists", sinceMs: at(seconds) });

describe("the word of KubeVirt decides, row by row:", () => {
	test.each<[string, StateName, StateName, StateName]>([
		// word, wanted on, wanted off without an instance, wanted off with one
		["Running", "RUNNING", "STOPPING", "STOPPING"],
		["Paused", "PAUSED", "STOPPING", "STOPPING"],
		["Migrating", "RUNNING", "STOPPING", "STOPPING"],
		["Stopping", "STOPPING", "STOPPING", "STOPPING"],
		["Terminating", "STOPPING", "STOPPING", "STOPPING"],
		["Starting", "STARTING", "STOPPED", "STOPPING"],
		["Provisioning", "STARTING", "STOPPED", "STOPPING"],
		["WaitingForVolumeBinding", "STARTING", "STOPPED", "STOPPING"],
		["WaitingForReceiver", "STARTING", "STOPPED", "STOPPING"],
		["CrashLoopBackOff", "ERROR", "STOPPED", "STOPPING"],
		["ErrorUnschedulable", "ERROR", "STOPPED", "STOPPING"],
		["ErrImagePull", "ERROR", "STOPPED", "STOPPING"],
		["ImagePullBackOff", "ERROR", "STOPPED", "STOPPING"],
		["ErrorPvcNotFound", "ERROR", "STOPPED", "STOPPING"],
		["DataVolumeError", "ERROR", "STOPPED", "STOPPING"],
		["Unknown", "UNKNOWN", "UNKNOWN", "UNKNOWN"],
	])("%s is %s; wanted off %s without an instance, %s with one", (word, on, gone, there) => {
		const vm = vmWith({ printableStatus: word });
		// The operator's own word is never right for long.
		const status = { phase: "Running" };
		const verdict = (state: StateName) => ({ state: Power[state], reason: word });
		expect(judgePower(evidenceOf("on", { vm, status }))).toEqual(verdict(on));
		expect(judgePower(evidenceOf("off", { vm, status }))).toEqual(verdict(gone));
		for (const evidence of [
			{ vm: vmWith({ printableStatus: word, created: true }) },
			{ vm, vmi: vmiWith("Scheduling") },
		]) {
			expect(judgePower(evidenceOf("off", { ...evidence, status }))).toEqual(verdict(there));
		}
	});

	test.each(["", "Hibernated", "constructor", "__proto__"])(
		"without a word that is known (%j), the phase of the instance does",
		(word) => {
			const vm = vmWith({ printableStatus: word });
			const state = (wish: "on" | "off", phase?: string) =>
				Power[
					judgePower(evidenceOf(wish, { vm, vmi: phase === undefined ? phase : vmiWith(phase) }))
						.state
				];
			expect(state("on")).toBe("STARTING");
			for (const phase of ["Pending", "Scheduling", "Scheduled", "WaitingForSync"]) {
				expect(state("on", phase)).toBe("STARTING");
			}
			expect(state("on", "Running")).toBe("RUNNING");
			expect(state("on", "Succeeded")).toBe("STOPPED");
			expect(state("on", "Failed")).toBe("ERROR");
			for (const phase of ["Unknown", "toString"]) expect(state("on", phase)).toBe("UNKNOWN");
			expect(state("off")).toBe("STOPPED");
			for (const phase of ["Pending", "Running", "Unknown"]) {
				expect(state("off", phase)).toBe("STOPPING");
			}
			for (const phase of ["Succeeded", "Failed"]) expect(state("off", phase)).toBe("STOPPED");
		},
	);

	test("without a word, and without the right to see instances, one that is there is in any state", () => {
		const hidden = { knowsInstances: false, vm: vmWith({ created: true }) };
		expect(judgePower(evidenceOf("on", hidden)).state).toBe(Power.UNKNOWN);
		expect(judgePower(evidenceOf("off", hidden)).state).toBe(Power.STOPPING);
	});
});

describe("a VM that is off", () => {
	const off = (seconds: number, parts = {}) =>
		vmWith({ printableStatus: "Stopped", conditions: [wentOff(seconds)], ...parts });
	const judge = (...given: Parameters<typeof evidenceOf>) => {
		const { state, reason } = judgePower(evidenceOf(...given));
		return `${Power[state]} ${reason}`;
	};

	test("is STOPPED where it is wanted off, whatever the operator says", () => {
		for (const phase of ["", "Creating", "Running", "Error"]) {
			expect(judge("off", { vm: off(10), status: { phase } })).toBe("STOPPED Stopped");
		}
	});

	test("is STARTING where its start was asked for after it went off", () => {
		expect(judge("on", { vm: off(10), startAskedMs: at(11) })).toBe("STARTING Stopped");
		const toldOff = off(10, { wantedOn: false });
		expect(judge("on", { vm: toldOff, startAskedMs: at(11) })).toBe("STARTING Stopped");
	});

	test("is STARTING where it has never been up, however late the operator made it", () => {
		const late = { createMs: at(30), wantedOn: true };
		expect(judge("on", { vm: off(32, late), startAskedMs: at(0) })).toBe("STARTING Stopped");
		expect(judge("on", { vm: off(40, late), startAskedMs: at(0) })).toBe("STOPPED StoppedOutside");
		const toldOff = off(32, { ...late, wantedOn: false });
		expect(judge("on", { vm: toldOff, startAskedMs: at(0) })).toBe("STOPPED StoppedOutside");
	});

	test("is STOPPED, stopped outside, where nobody has asked for a start since", () => {
		expect(judge("on", { vm: off(10) })).toBe("STOPPED StoppedOutside");
		const toldOff = off(10, { wantedOn: false });
		expect(judge("on", { vm: toldOff })).toBe("STOPPED StoppedOutside");
	});

	test("within one second, in which times cannot be compared, is what KubeVirt is told to do", () => {
		const asked = { startAskedMs: at(10) + 999 };
		expect(judge("on", { vm: off(10), ...asked })).toBe("STARTING Stopped");
		expect(judge("on", { vm: off(10, { wantedOn: false }), ...asked })).toBe(
			"STOPPED StoppedOutside",
		);
	});

	test("is ERROR where its last run has failed, until a start is asked for", () => {
		const vmi = vmiWith("Failed", { phaseMs: { Running: at(5), Failed: at(10) } });
		expect(judge("on", { vm: off(9), vmi })).toBe("ERROR Failed");
		expect(judge("on", { vm: off(9), vmi, startAskedMs: at(20) })).toBe("STARTING Stopped");
		const startFailure = { count: 3, retryMs: at(60) };
		expect(judge("on", { vm: off(10, { startFailure }) })).toBe("ERROR Failed");
		// The first run of all: it was created, went off and failed within one second.
		const first = vmiWith("Failed", { phaseMs: { Failed: at(0) + 400 } });
		expect(judge("on", { vm: off(0), vmi: first })).toBe("ERROR Failed");
	});

	test("without a time, is what KubeVirt is told to do", () => {
		const vm = { printableStatus: "Stopped" };
		expect(judge("on", { vm: vmWith(vm) })).toBe("STARTING Stopped");
		expect(judge("on", { vm: vmWith({ ...vm, wantedOn: false }) })).toBe("STOPPED StoppedOutside");
	});
});

describe("without a VM", () => {
	const judge = (...given: Parameters<typeof evidenceOf>) => {
		const { state, reason } = judgePower(evidenceOf(...given));
		return `${Power[state]} ${reason}`;
	};

	test("it is STARTING where it is wanted on, STOPPED where it is wanted off", () => {
		for (const phase of ["", "Pending", "Creating", "Running", "Stopped"]) {
			expect(judge("on", { status: { phase } })).toBe("STARTING NoVirtualMachine");
			expect(judge("off", { status: { phase } })).toBe("STOPPED NoVirtualMachine");
		}
	});

	test("it is ERROR where the operator says so", () => {
		expect(judge("on", { status: { phase: "Error" } })).toBe("ERROR Error");
		expect(judge("off", { status: { phase: "Error" } })).toBe("STOPPED NoVirtualMachine");
	});
});

describe("what is being deleted", () => {
	test.each(["on", "off"] as const)(
		"is STOPPING while VM or instance is there, then STOPPED and waits for its finalizer; wanted %s",
		(wish) => {
			const judge = (parts: Parameters<typeof evidenceOf>[1]) => {
				const { state, reason } = judgePower(evidenceOf(wish, { deletedAt: 30, ...parts }));
				return `${Power[state]} ${reason}`;
			};
			const vm = vmWith({ printableStatus: "Running" });
			expect(judge({ vm, vmi: vmiWith("Running") })).toBe("STOPPING Running");
			expect(judge({ vm: vmWith({ deleting: true }) })).toBe("STOPPING Deleting");
			expect(judge({ vm: vmWith({ printableStatus: "Stopped" }) })).toBe("STOPPING Stopped");
			for (const phase of ["Running", "Error"]) {
				expect(judge({ status: { phase } })).toBe("STOPPED WaitingForFinalizer");
			}
		},
	);

	test("is STOPPING where KubeVirt takes the VM away, but the Wukong stays", () => {
		const vm = vmWith({ printableStatus: "Running", deleting: true });
		for (const wish of ["on", "off"] as const) {
			expect(judgePower(evidenceOf(wish, { vm }))).toEqual({
				state: Power.STOPPING,
				reason: "Terminating",
			});
		}
	});
});
