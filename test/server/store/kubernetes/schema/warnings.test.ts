import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { specJson, wukongKind } from "../../../../../server/src/store/kubernetes/kinds/wukong.ts";
import { readResourceSchema } from "../../../../../server/src/store/kubernetes/schema/resource-schema.ts";
import { warningsOf } from "../../../../../server/src/store/kubernetes/schema/warnings.ts";
import { openApiDocument, operatorSchema } from "../../../../support/operator-schema.ts";
import { type SpecInit, wukongNamed } from "../../write.ts";

const schema = readResourceSchema(openApiDocument(operatorSchema), wukongKind);

/** Fields that are warned of. */
function warned(spec: SpecInit, at = schema): string[] {
	const wukong = wukongNamed("a", spec);
	if (wukong.spec === undefined) throw new Error("it has a spec");
	return warningsOf(wukong, specJson(wukong.spec), at).map(({ field }) =>
		field.replace("wukong.spec.", ""),
	);
}

const root = { name: "root", size: "20Gi" };
const lan = { name: "lan", type: "bridge", physicalInterface: "eth1" };
const rows: readonly (readonly [field: string, spec: SpecInit])[] = [
	["networks[0].node_ip", { networks: [{ ...lan, nodeIp: "192.0.2.1" }] }],
	["os_image", { osImage: "ubuntu" }],
	["restore_from_snapshot", { restoreFromSnapshot: "s1" }],
	["start_strategy.run_strategy", { startStrategy: { runStrategy: "Manual" } }],
	["high_availability.restart_policy", { highAvailability: { restartPolicy: "Always" } }],
	["high_availability.anti_affinity", { highAvailability: { antiAffinity: true } }],
	[
		"high_availability.tolerations[1].toleration_seconds",
		{ highAvailability: { tolerations: [{ key: "a" }, { key: "b", tolerationSeconds: 0n }] } },
	],
	["disks[1].boot", { disks: [root, { ...root, name: "data", boot: true }] }],
	["networks[0].ip_config", { networks: [{ ...lan, ipConfig: { mode: "static" } }] }],
	["networks[0].vlan_id", { networks: [{ ...lan, vlanId: 7 }] }],
	["networks[1].type", { networks: [lan, { name: "fast", type: "sriov" }] }],
	["networks[0].type", { networks: [{ name: "fast", type: "macvlan" }] }],
	["networks[0].physical_interface", { networks: [{ name: "lan", type: "bridge" }] }],
	["networks[0].physical_interface", { networks: [{ name: "lan" }] }],
];

test.each(rows)(
	"the public operator drops, ignores or fails on %s, which is warned of",
	(field, spec) => {
		expect(warned(spec)).toEqual([field]);
	},
);

test("what the public operator acts on is not warned of", () => {
	expect(
		warned({
			sshKeySecret: "keys",
			gpus: [{ name: "gpu", deviceName: "nvidia.com/GP102GL" }],
			networks: [
				{ name: "default", primary: true },
				{ ...lan, ipConfig: { mode: "dhcp" } },
				{ name: "own", type: "bridge", nadName: "lan" },
			],
			cloudInitUser: { name: "ops", lockPasswd: false, passwordHash: "$6$" },
			highAvailability: { antiAffinity: false, nodeSelector: { zone: "a" } },
			startStrategy: { autoStart: false },
		}),
	).toEqual([]);
});

test("a field that is dropped is warned of once, by its contract name, however deep", () => {
	const without = structuredClone(operatorSchema) as { properties: JsonObject };
	const { properties } = without.properties.spec as { properties: JsonObject };
	delete properties.osImage;
	delete properties.gpus;
	const older = readResourceSchema(openApiDocument(without as JsonObject), wukongKind);
	expect(warned({ osImage: "u", gpus: [{ name: "g", deviceName: "d" }] }, older)).toEqual([
		"os_image",
		"gpus",
	]);
});

test("of a cluster that does not tell its schema nothing is known, and nothing warned of", () => {
	const wukong = wukongNamed("a", { osImage: "ubuntu" });
	expect(warningsOf(wukong, { osImage: "ubuntu" }, undefined)).toEqual([]);
	expect(readResourceSchema({}, wukongKind)).toBeUndefined();
	expect(readResourceSchema({ components: { schemas: { a: 1, b: [] } } }, wukongKind)).toBe(
		undefined,
	);
});

test("a schema that is free in form drops nothing", () => {
	const free = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
	const open = readResourceSchema(
		openApiDocument({ type: "object", properties: { spec: free } }),
		wukongKind,
	);
	expect(warned({ osImage: "u", networks: [{ ...lan, nodeIp: "192.0.2.1" }] }, open)).toEqual([]);
});
