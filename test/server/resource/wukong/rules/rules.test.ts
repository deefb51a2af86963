import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema, WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import {
	maxAnnotationBytes,
	maxWukongBytes,
	validateWukong,
} from "../../../../../server/src/resource/wukong/rules/rules.ts";

type SpecInit = Omit<MessageInitShape<typeof WukongSpecSchema>, "$typeName" | "$unknown">;

const complete = { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi" }] };

function wukong(spec: SpecInit = {}, init: MessageInitShape<typeof WukongSchema> = {}): Wukong {
	const merged = create(WukongSpecSchema, { ...complete, ...spec });
	return create(WukongSchema, { name: "vm", ...init, spec: merged });
}

function faults(next: Wukong, previous?: Wukong): string[] {
	return validateWukong(next, previous).map(({ field }) => field);
}

describe("a new Wukong", () => {
	test("is valid when it is complete", () => {
		expect(faults(wukong())).toEqual([]);
	});

	test("needs name, cpu, memory and a disk", () => {
		expect(faults(create(WukongSchema))).toEqual([
			"wukong.name",
			"wukong.spec.cpu",
			"wukong.spec.memory",
			"wukong.spec.disks",
		]);
	});

	test.each<[string, SpecInit, string]>([
		[
			"unique disk names",
			{ disks: ["a", "b", "a"].map((name) => ({ name, size: "1Gi" })) },
			"wukong.spec.disks[2].name",
		],
		["a name for each disk", { disks: [{ size: "1Gi" }] }, "wukong.spec.disks[0].name"],
		["a size for each disk", { disks: [{ name: "root" }] }, "wukong.spec.disks[0].size"],
		[
			"disks larger than nothing",
			{ disks: [{ name: "root", size: "0.0Gi" }] },
			"wukong.spec.disks[0].size",
		],
		["memory that is more than nothing", { memory: "0Gi" }, "wukong.spec.memory"],
		["memory that a machine can count", { memory: "8Ei" }, "wukong.spec.memory"],
		["memory that is a quantity", { memory: "much" }, "wukong.spec.memory"],
		[
			"unique network names",
			{ networks: [{ name: "lan" }, { name: "lan" }] },
			"wukong.spec.networks[1].name",
		],
		[
			"an address where an address is static",
			{ networks: [{ name: "a" }, { name: "b", ipConfig: { mode: "static" } }] },
			"wukong.spec.networks[1].ip_config.address",
		],
		["a login name", { cloudInitUser: { password: "x" } }, "wukong.spec.cloud_init_user.name"],
	])("needs %s", (_, spec, field) => {
		expect(faults(wukong(spec))).toEqual([field]);
	});

	test.each([
		["500K", "write 500Ki (times 1024) or 500000 (without a suffix)"],
		["0.5K", "write 0.5Ki (times 1024) or 500 (without a suffix)"],
		["0K", "K is no suffix of Kubernetes"],
		["99999999999999999999K", "K is no suffix of Kubernetes"],
	])("of %s is refused with what works: Kubernetes has no K", (size, words) => {
		const disks = [{ name: "root", size }];
		const found = validateWukong(wukong({ memory: size, disks }), undefined);
		expect(found.map(({ field }) => field)).toEqual([
			"wukong.spec.memory",
			"wukong.spec.disks[0].size",
		]);
		for (const { description } of found) expect(description).toContain(words);
	});

	test("selects nodes by values that labels can have, and tolerates such taints", () => {
		const long = "v".repeat(64);
		const highAvailability = {
			nodeSelector: { zone: long, disk: "ssd", none: "" },
			tolerations: [
				{ key: "a", value: "a b" },
				{ key: "a", operator: "Equal", value: "-" },
				{ key: "a", operator: "Gt", value: "-5" },
				{ key: "a", operator: "Exists" },
			],
		};
		expect(faults(wukong({ highAvailability }))).toEqual([
			'wukong.spec.high_availability.node_selector["zone"]',
			"wukong.spec.high_availability.tolerations[0].value",
			"wukong.spec.high_availability.tolerations[1].value",
		]);
		const more = { ...highAvailability, antiAffinity: true };
		expect(faults(wukong({ highAvailability: more }), wukong({ highAvailability }))).toEqual([]);
	});

	test("needs no address from dhcp", () => {
		expect(faults(wukong({ networks: [{ name: "a", ipConfig: { mode: "dhcp" } }] }))).toEqual([]);
	});

	test("tells every fault at once", () => {
		expect(faults(wukong({ cpu: 0, memory: "", disks: [] }))).toHaveLength(3);
	});

	test("has annotations of at most 256 KiB in all, counted in bytes", () => {
		const fits = { ä: "x".repeat(maxAnnotationBytes - 2) };
		expect(faults(wukong({}, { annotations: fits }))).toEqual([]);
		expect(faults(wukong({}, { annotations: { ...fits, b: "" } }))).toEqual(["wukong.annotations"]);
	});

	test("is no larger than a page of a list can be, and an update does not make it so", () => {
		const labels = (count: number) =>
			Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, "value"]));
		const large = wukong({}, { labels: labels(maxWukongBytes / 32) });
		const tooLarge = wukong({}, { labels: labels(maxWukongBytes / 16) });
		expect(faults(large)).toEqual([]);
		expect(faults(tooLarge)).toEqual(["wukong"]);
		expect(faults(tooLarge, large)).toEqual(["wukong"]);
		expect(faults(tooLarge, tooLarge)).toEqual([]);
	});
});

describe("an update", () => {
	test("lets cpu grow but not shrink", () => {
		expect(faults(wukong({ cpu: 4 }), wukong({ cpu: 2 }))).toEqual([]);
		expect(faults(wukong({ cpu: 1 }), wukong({ cpu: 2 }))).toEqual(["wukong.spec.cpu"]);
	});

	test("lets disks be added and changed but not removed", () => {
		const [root, data] = [
			{ name: "root", size: "20Gi" },
			{ name: "data", size: "1Gi" },
		];
		const two = wukong({ disks: [root, data] });
		expect(faults(two, wukong())).toEqual([]);
		expect(faults(wukong({ disks: [{ ...data, size: "2Gi" }, root] }), two)).toEqual([]);
		const [removed] = validateWukong(wukong({ disks: [root] }), two);
		expect(removed).toEqual({
			field: "wukong.spec.disks",
			description: 'disk "data" may not be removed',
		});
	});

	test("may not clear what is needed", () => {
		expect(faults(wukong({ cpu: 0, memory: "" }), wukong())).toEqual([
			"wukong.spec.cpu",
			"wukong.spec.memory",
		]);
	});

	test("leaves a stored K as it is, but makes no other one", () => {
		const root = { name: "root", size: "20000000K" };
		const stored = wukong({ memory: "2000000K", disks: [root] });
		const data = { name: "data", size: "1Gi" };
		const touched = { memory: "2000000K", disks: [data, root] };
		expect(faults(wukong({ ...touched, cpu: 4 }), stored)).toEqual([]);
		expect(faults(wukong({ memory: "4Gi", disks: [root] }), stored)).toEqual([]);
		const grown = { memory: "3000000K", disks: [{ ...root, size: "30000000K" }] };
		expect(faults(wukong(grown), stored)).toEqual([
			"wukong.spec.memory",
			"wukong.spec.disks[0].size",
		]);
		// Under another name it is another disk.
		const copied = { memory: "2000000K", disks: [root, { ...root, name: "copy" }] };
		expect(faults(wukong(copied), stored)).toEqual(["wukong.spec.disks[1].size"]);
	});

	test("is not judged for what it does not touch", () => {
		const incomplete = {
			cpu: 0,
			memory: "0",
			disks: [],
			networks: [{ name: "a" }, { name: "a" }],
			cloudInitUser: {},
		};
		const annotations = { note: "x".repeat(maxAnnotationBytes) };
		const before = wukong(incomplete, { annotations });
		const after = wukong({ ...incomplete, osImage: "debian" }, { annotations });
		expect(faults(after, before)).toEqual([]);
		expect(faults(wukong({ ...incomplete, memory: "00" }, { annotations }), before)).toEqual([
			"wukong.spec.memory",
		]);
	});
});
