import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { virtualMachineKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine.ts";
import { virtualMachineInstanceKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine-instance.ts";
import { rawNamed } from "../raw.ts";

const noon = "2026-11-26T12:00:00Z";
const noonMs = Date.parse(noon);

const controller = { apiVersion: "v1", kind: "K", name: "n", uid: "owner", controller: true };

describe("of a VM", () => {
	const read = (parts: Parameters<typeof rawNamed>[1] = {}) =>
		virtualMachineKind.read(rawNamed("web-vm", { version: 7, ...parts }));

	test("is kept what its power is told from", () => {
		const vm = read({
			metadata: {
				ownerReferences: [{ ...controller, uid: "other", controller: false }, controller],
				deletionTimestamp: noon,
				labels: { a: "b" },
			},
			spec: { running: true, template: { spec: { much: "more" } } },
			status: {
				printableStatus: "CrashLoopBackOff",
				created: true,
				startFailure: { consecutiveFailCount: 2, retryAfterTimestamp: noon },
				conditions: [
					{ type: "Ready", status: "False", reason: "R", message: "m", lastTransitionTime: noon },
					{ type: "LiveMigratable", status: "True" },
					{ type: "Ready", status: "True" },
				],
			},
		});
		expect(vm).toEqual({
			namespace: "default",
			name: "web-vm",
			uid: "uid-web-vm",
			resourceVersion: "7",
			labels: {},
			ownerUid: "owner",
			createMs: Date.parse("2026-01-01T00:00:00Z"),
			deleting: true,
			conditions: [{ type: "Ready", status: "False", reason: "R", message: "m", sinceMs: noonMs }],
			wantedOn: true,
			printableStatus: "CrashLoopBackOff",
			created: true,
			startFailure: { count: 2, retryMs: noonMs },
		});
		expect(Object.isFrozen(vm.conditions[0])).toBe(true);
	});

	test.each<[JsonObject, boolean | undefined]>([
		[{ running: false }, false],
		[{ runStrategy: "Halted" }, false],
		[{ runStrategy: "Always" }, true],
		[{ runStrategy: "RerunOnFailure" }, true],
		[{ runStrategy: "Manual" }, undefined],
		[{ runStrategy: "constructor" }, undefined],
		[{ running: "yes" }, undefined],
		[{}, undefined],
	])("%j means told on: %s", (spec, wanted) => {
		expect(read({ spec }).wantedOn).toBe(wanted);
	});

	test("what cannot be read is left out, and long texts are cut within bounds", () => {
		const odd = read({
			metadata: { ownerReferences: "none" },
			status: {
				printableStatus: 7,
				created: "yes",
				startFailure: { consecutiveFailCount: -1 },
				conditions: [
					"odd",
					null,
					{
						type: "Failure",
						status: "True",
						message: `${"x".repeat(1_023)}😀`,
						lastTransitionTime: 1,
					},
				],
			},
		});
		expect(odd).toMatchObject({ ownerUid: undefined, printableStatus: "", created: false });
		expect(odd.startFailure).toBeUndefined();
		const [failure] = odd.conditions;
		expect(failure).toMatchObject({ type: "Failure", sinceMs: undefined });
		expect(failure?.message).toHaveLength(1_024);
		expect(failure?.message.isWellFormed()).toBe(true);
	});

	test("a change of nothing that is kept is no news; one of a kept field is", () => {
		const status = { printableStatus: "Running", conditions: [{ type: "Ready", status: "True" }] };
		const before = read({ status });
		const unkept = read({
			version: 8,
			metadata: { labels: { a: "c" }, managedFields: [{ time: noon }] },
			spec: { template: {} },
			status: { ...status, observedGeneration: 3, desiredGeneration: 3 },
		});
		expect(virtualMachineKind.isNews(before, unkept)).toBe(false);
		const kept = read({ version: 8, status: { ...status, created: true } });
		expect(virtualMachineKind.isNews(before, kept)).toBe(true);
	});
});

describe("of an instance", () => {
	const read = (parts: Parameters<typeof rawNamed>[1] = {}) =>
		virtualMachineInstanceKind.read(rawNamed("web-vm", { version: 7, ...parts }));

	test("are kept phase, node, addresses and the times of phases", () => {
		const vmi = read({
			metadata: { ownerReferences: [controller] },
			status: {
				phase: "Running",
				nodeName: "node-1",
				phaseTransitionTimestamps: [
					{ phase: "Running", phaseTransitionTimestamp: noon },
					{ phase: "Odd", phaseTransitionTimestamp: "yesterday" },
				],
				interfaces: [
					{ name: "lan", ipAddress: "10.0.0.1", mac: "aa", interfaceName: "eth0", queueCount: 1 },
					{ ipAddress: "172.17.0.1", interfaceName: "docker0" },
					{ name: "lan", ipAddress: "10.0.0.9" },
				],
				conditions: [{ type: "AgentConnected", status: "True", lastProbeTime: noon }],
			},
		});
		expect(vmi).toMatchObject({
			ownerUid: "owner",
			phase: "Running",
			nodeName: "node-1",
			phaseMs: { Running: noonMs },
			interfaces: [{ name: "lan", ipAddress: "10.0.0.1", macAddress: "aa", interfaceName: "eth0" }],
			conditions: [],
		});
		const probed = read({ version: 8, status: { phase: "Running", guestOSInfo: { id: "x" } } });
		const before = read({ status: { phase: "Running" } });
		expect(virtualMachineInstanceKind.isNews(before, probed)).toBe(false);
		const moved = read({ version: 8, status: { phase: "Running", nodeName: "node-2" } });
		expect(virtualMachineInstanceKind.isNews(before, moved)).toBe(true);
	});

	test("no more interfaces than 64 are kept", () => {
		const interfaces = Array.from({ length: 500 }, (_, index) => ({ name: `net-${index}` }));
		expect(read({ status: { interfaces } }).interfaces).toHaveLength(64);
	});
});
