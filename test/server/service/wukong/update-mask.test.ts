import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import { isFailure } from "../../../../server/src/failure.ts";
import { parseUpdateMask } from "../../../../server/src/service/wukong/update-mask.ts";

function parsed(...paths: string[]): string[] {
	return (parseUpdateMask({ paths }) ?? []).map(({ fields, mapKey }) => {
		const names = fields.map(({ name }) => name).join(".");
		return mapKey === undefined ? names : `${names}[${mapKey}]`;
	});
}

function violationsOf(...paths: string[]) {
	try {
		parseUpdateMask({ paths });
	} catch (error) {
		if (isFailure(error)) return error.details.violations ?? [];
	}
	return [];
}

describe("an update mask", () => {
	test("unset or empty is no mask", () => {
		expect(parseUpdateMask(undefined)).toBeUndefined();
		expect(parseUpdateMask({ paths: [] })).toBeUndefined();
	});

	test("of passed over fields only is still a mask, which takes nothing", () => {
		expect(parseUpdateMask({ paths: ["uid"] })).toEqual([]);
	});

	test("* names all that an update may change", () => {
		expect(parsed("*")).toEqual(["labels", "annotations", "spec"]);
	});

	test.each(["labels", "labels.app", "spec", "spec.cpu", "spec.start_strategy", "annotations"])(
		"%s beside * is INVALID_REQUEST: * names it already, so one of the two is a mistake",
		(path) => {
			for (const paths of [
				["*", path],
				[path, "*"],
			]) {
				const description = `"${path}" stands beside "*", which names it already`;
				expect(violationsOf(...paths)).toEqual([{ field: "update_mask", description }]);
			}
		},
	);

	test.each(["name", "status", "resource_version", "spec.start_strategy.auto_start"])(
		"%s may stand beside *, which does not name it",
		(path) => {
			expect(() => parseUpdateMask({ paths: ["*", path] })).not.toThrow();
		},
	);

	test.each([
		["spec"],
		["spec.cpu"],
		["spec.disks"],
		["spec.start_strategy.auto_start"],
		["spec.cloud_init_user.password_hash"],
		["spec.high_availability.node_selector"],
	])("finds %s", (path) => {
		expect(parsed(path)).toEqual([path]);
	});

	test.each([
		["labels.app", "labels[app]"],
		["labels.`app`", "labels[app]"],
		["labels.example.com/tier.x", "labels[example.com/tier.x]"],
		["annotations.`example.com/a.b`", "annotations[example.com/a.b]"],
		["labels.constructor", "labels[constructor]"],
		["spec.high_availability.node_selector.zone", "spec.high_availability.node_selector[zone]"],
	])("%s names one key: the rest of the path as it stands", (path, key) => {
		expect(parsed(path)).toEqual([key]);
	});

	test.each([
		`labels.${"a".repeat(254)}/x`,
		`annotations.${"a".repeat(254)}/x`,
		`spec.high_availability.node_selector.\`${"a".repeat(254)}/x\``,
		`labels.${"a".repeat(64)}`,
		"labels.a b",
		"labels.X.y/z",
		"annotations.a/b/c",
	])("refuses %s: no label can have that key", (path) => {
		const [violation, ...more] = violationsOf(path);
		expect(violation?.field).toBe("update_mask");
		expect(violation?.description).toContain("at most 253");
		expect(more).toEqual([]);
	});

	test("finds an annotation with a prefix in capitals, which a cluster may hold", () => {
		expect(parsed("annotations.X.y/z")).toEqual(["annotations[X.y/z]"]);
	});

	test.each([
		["name"],
		["namespace"],
		["uid"],
		["resource_version"],
		["generation"],
		["create_time"],
		["delete_time"],
		["status"],
		["status.phase"],
		["status.conditions"],
		["create_time.seconds"],
	])("%s is passed over: a body that came from a read may be sent back", (path) => {
		expect(parsed(path, "labels")).toEqual(["labels"]);
	});

	test.each([
		["spec.disks.name"],
		["spec.disks[0]"],
		["spec.networks.0"],
		["spec.cloud_init_user.groups.x"],
		["status.conditions.type"],
		["nothing"],
		["spec.nothing"],
		["spec.osImage"],
		["spec.cpu.x"],
		["spec.*"],
		["spec."],
		[".spec"],
		[""],
		["labels."],
		["labels.``"],
		["__proto__"],
		["constructor"],
	])("%s is refused on update_mask", (path) => {
		expect(violationsOf(path)).toMatchObject([{ field: "update_mask" }]);
	});

	test("each wrong path is told, cut where it is long", () => {
		const violations = violationsOf("x".repeat(10_000), "spec.cpu", "nothing");
		expect(violations.map(({ description }) => description.length < 200)).toEqual([true, true]);
	});
});

describe("a mask in JSON names no key of a map that JSON has no name for (contract, section 4)", () => {
	const inJson = (path: string) => () => parseUpdateMask({ paths: [path] }, "json");

	// As they are decoded: capitals have become underscores by then.
	test.each([
		"labels.app_name",
		"labels.`app_name`",
		"annotations.a/b_c",
		"spec.high_availability.node_selector.a_b",
	])("%s", (path) => {
		expect(inJson(path)).toThrow(expect.objectContaining({ reason: ErrorReason.INVALID_REQUEST }));
		expect(parseUpdateMask({ paths: [path] })).toHaveLength(1);
	});

	test.each(["labels.app", "labels.a-b.c/d", "labels", "spec.os_image"])("%s is named", (path) => {
		expect(inJson(path)()).toHaveLength(1);
	});
});
