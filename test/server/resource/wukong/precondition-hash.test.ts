import { create } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { parseVersion, placesIn } from "../../../../server/src/resource/version.ts";
import {
	hashedVersion,
	hashIn,
	meetsPrecondition,
	preconditionHash,
} from "../../../../server/src/resource/wukong/precondition-hash.ts";
import { toPublicView } from "../../../../server/src/resource/wukong/public-view.ts";

function vm(change: (vm: Wukong) => void = () => {}): Wukong {
	const wukong = create(WukongSchema, {
		...{ namespace: "default", name: "vm", uid: "u1", resourceVersion: "7", generation: 3n },
		labels: { a: "1", b: "2" },
		annotations: { note: "x", other: "y" },
		spec: {
			cpu: 2,
			memory: "2Gi",
			disks: [{ name: "root", size: "10Gi" }],
			cloudInitUser: { name: "ubuntu", password: "old" },
			highAvailability: { nodeSelector: { zone: "a", rack: "1" } },
			startStrategy: { autoStart: true },
		},
		status: { phase: "Running" },
	});
	change(wukong);
	return wukong;
}

const hashOf = (change?: (vm: Wukong) => void) => preconditionHash(toPublicView(vm(change)));

describe("the hash in a VM's version", () => {
	test.each<[string, (vm: Wukong) => void]>([
		["status", (vm) => (vm.status = create(WukongSchema, { status: { phase: "Error" } }).status)],
		["generation", (vm) => (vm.generation = 9n)],
		["the version", (vm) => (vm.resourceVersion = "8~9~1")],
		["a password", ({ spec }) => Object.assign(spec?.cloudInitUser ?? {}, { password: "new" })],
		["the order of labels", (vm) => (vm.labels = { b: "2", a: "1" })],
		["the order of annotations", (vm) => (vm.annotations = { other: "y", note: "x" })],
		[
			"the order of a node selector",
			({ spec }) =>
				Object.assign(spec?.highAvailability ?? {}, { nodeSelector: { rack: "1", zone: "a" } }),
		],
		["a hidden annotation", (vm) => (vm.annotations["wukong.novasphere.dev/request-id"] = "r")],
		["a wish that was absent and means the same", ({ spec }) => delete spec?.startStrategy],
	])("leaves out %s", (_, change) => {
		expect(hashOf(change)).toBe(hashOf());
	});

	test.each<[string, (vm: Wukong) => void]>([
		["uid", (vm) => (vm.uid = "u2")],
		["a field of spec", ({ spec }) => Object.assign(spec ?? {}, { cpu: 3 })],
		[
			"the power wish",
			({ spec }) => Object.assign(spec?.startStrategy ?? {}, { autoStart: false }),
		],
		[
			"a node selector",
			({ spec }) => Object.assign(spec?.highAvailability ?? {}, { nodeSelector: { zone: "a" } }),
		],
		[
			"the value of a node selector",
			({ spec }) => Object.assign(spec?.highAvailability?.nodeSelector ?? {}, { zone: "b" }),
		],
		["a label", (vm) => (vm.labels.a = "2")],
		[
			"a label that became an annotation",
			(vm) => {
				vm.annotations.a = "1";
				delete vm.labels.a;
			},
		],
		["an annotation", (vm) => (vm.annotations.note = "y")],
		[
			"delete_time",
			(vm) => (vm.deleteTime = create(WukongSchema, { deleteTime: { seconds: 1n } }).deleteTime),
		],
	])("covers %s", (_, change) => {
		expect(hashOf(change)).not.toBe(hashOf());
	});

	test("is 64 bits in hexadecimal digits, the suffix of each public view, once", () => {
		const view = toPublicView(vm());
		expect(view.resourceVersion).toMatch(/^7-[0-9a-f]{16}$/);
		expect(hashIn(view.resourceVersion)).toBe(preconditionHash(view));
		expect(toPublicView(view).resourceVersion).toBe(view.resourceVersion);
		expect(parseVersion(view.resourceVersion)?.suffix).toBe(hashOf());
	});

	test("of what is not stored is not said: it has no version", () => {
		expect(toPublicView(vm((one) => (one.resourceVersion = ""))).resourceVersion).toBe("");
	});

	test("stands behind the places, whatever their number", () => {
		const hash = hashOf();
		expect(hashedVersion("7.5~8~9", hash)).toBe(`7.5~8~9-${hash}`);
		expect(hashedVersion(`7-${"0".repeat(16)}`, hash)).toBe(`7-${hash}`);
		expect(placesIn(`7~8-${hash}`)).toBe("7~8");
	});
});

describe("a precondition on resource_version", () => {
	test.each<[string, string, boolean]>([
		["7-aa", "7-aa", true],
		["9-aa", "7-aa", true],
		["9~4~4-aa", "7-aa", true],
		["7-bb", "7-aa", false],
		["7-aa", "7", true],
		["7~3~2-aa", "7", true],
		["7~3~2-aa", "7~3~2", true],
		["7~3~2-aa", "7~3~1", false],
		["7-aa", "6", false],
		["7-aa", "07", false],
		["7-aa", "no version", false],
		["7-aa", "7-aa-b", false],
		["7", "7", true],
		["7", "7-aa", false],
		["70-aa", "7", false],
	])("of the current %j, given %j: %j", (current, wanted, met) => {
		expect(meetsPrecondition(current, wanted)).toBe(met);
	});
});
