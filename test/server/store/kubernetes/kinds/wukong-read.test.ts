import { timestampMs } from "@bufbuild/protobuf/wkt";
import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { readWukong, wukongKind } from "../../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	parseUnstructured,
	versionOf,
} from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { rawNamed } from "../raw.ts";

describe("readWukong", () => {
	test("takes metadata, spec and status under the resource's names", () => {
		const wukong = readWukong(
			rawNamed("a", {
				version: 7n,
				metadata: {
					generation: 3,
					labels: { app: "web" },
					deletionTimestamp: "2026-01-02T00:00:00Z",
				},
				spec: {
					osImage: "debian",
					networks: [{ name: "default", vlanId: 12, nodeIP: "10.0.0.1" }],
					highAvailability: { tolerations: [{ key: "x", tolerationSeconds: 0 }] },
				},
				status: {
					phase: "Running",
					vmName: "a-vm",
					conditions: [{ type: "Ready", status: "True", observedGeneration: 2 }],
				},
			}),
		);
		expect(wukong).toMatchObject({
			name: "a",
			namespace: "default",
			uid: "uid-a",
			resourceVersion: "7",
			generation: 3n,
			labels: { app: "web" },
			spec: {
				cpu: 2,
				osImage: "debian",
				networks: [{ vlanId: 12, nodeIp: "10.0.0.1" }],
				highAvailability: { tolerations: [{ tolerationSeconds: 0n }] },
			},
			status: { phase: "Running", vmName: "a-vm", conditions: [{ observedGeneration: 2n }] },
		});
		expect(wukong.createTime && timestampMs(wukong.createTime)).toBe(Date.UTC(2026, 0, 1));
		expect(wukong.deleteTime && timestampMs(wukong.deleteTime)).toBe(Date.UTC(2026, 0, 2));
	});

	test("passes over what the contract does not know, and what it cannot hold", () => {
		const raw = rawNamed("a", { spec: { cpu: 2.5, future: { deep: [1] } } });
		expect(readWukong(raw).spec).toMatchObject({ cpu: 0, memory: "4Gi" });
		expect(readWukong(raw).spec?.disks).toHaveLength(1);
	});
});

describe("wukongKind.read", () => {
	test("shows no credential and no hidden annotation", () => {
		const raw = rawNamed("a", {
			metadata: {
				annotations: {
					note: "mine",
					"kubectl.kubernetes.io/last-applied-configuration": "has pw-secret in it",
					"wukong.novasphere.dev/request-id": "r-1",
				},
			},
			spec: { cloudInitUser: { name: "admin", password: "pw-secret", passwordHash: "secret" } },
		});
		const shown = wukongKind.read(raw);
		expect(shown.annotations).toEqual({ note: "mine" });
		expect(shown.spec?.cloudInitUser).toMatchObject({ name: "admin", password: "" });
		expect(shown.spec?.cloudInitUser?.passwordHash).toBe("");
	});

	test.each([
		["no start strategy is on", undefined, true, Power.STARTING],
		["a strategy without autoStart is off", { runStrategy: "Always" }, false, Power.STOPPING],
		["autoStart true is on", { autoStart: true }, true, Power.STARTING],
	])("%s", (_, startStrategy, autoStart, power) => {
		const shown = wukongKind.read(rawNamed("a", { spec: startStrategy ? { startStrategy } : {} }));
		expect(shown.spec?.startStrategy?.autoStart).toBe(autoStart);
		expect(shown.status?.powerState).toBe(power);
	});
});

describe("wukongKind.markDeleted", () => {
	test("marks what went without a mark, and keeps a mark", () => {
		const now = Date.UTC(2026, 5, 1);
		const unmarked = wukongKind.markDeleted(readWukong(rawNamed("a")), now).deleteTime;
		expect(unmarked && timestampMs(unmarked)).toBe(now);
		const metadata = { deletionTimestamp: "2026-01-02T00:00:00Z" };
		const marked = wukongKind.markDeleted(readWukong(rawNamed("a", { metadata })), now).deleteTime;
		expect(marked && timestampMs(marked)).toBe(Date.UTC(2026, 0, 2));
	});
});

describe("parseUnstructured", () => {
	const good = rawNamed("a");
	test.each([
		["nothing", null],
		["an object without metadata", { spec: {} }],
		["one without uid", { ...good, metadata: { ...good.metadata, uid: "" } }],
		[
			"a version that is no number",
			{ ...good, metadata: { ...good.metadata, resourceVersion: "x" } },
		],
	])("refuses %s", (_, value) => {
		expect(() => parseUnstructured(value)).toThrow(
			expect.objectContaining({ problem: { kind: "garbled" } }),
		);
	});

	test("versions of 19 and 20 digits keep their order", () => {
		expect(versionOf("9999999999999999999") < versionOf("10000000000000000000")).toBe(true);
	});
});
