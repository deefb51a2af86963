import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	contractPath,
	violationsIn,
} from "../../../../server/src/store/kubernetes/status-causes.ts";

const { request } = wukongKind;

const refusal = (...causes: JsonObject[]) => ({ details: { causes } });

/** Stands beside what keeps rules from being looked at, as an API server says it. */
const unchecked = {
	reason: "FieldValueInvalid",
	message: "Invalid value: null: some validation rules were not checked",
	field: "<nil>",
};

describe("violations", () => {
	test("name the contract's fields and keep the rule's own words", () => {
		const message = "Invalid value: 4095: should be less than or equal to 4094";
		const field = "spec.networks[1].vlanId";
		expect(
			violationsIn(refusal({ reason: "FieldValueInvalid", message, field }), [], request),
		).toEqual([
			{
				field: "wukong.spec.networks[1].vlan_id",
				description: "should be less than or equal to 4094",
			},
		]);
	});

	test("are of fields; a cause that names none is told only where it is alone", () => {
		const missing = { reason: "FieldValueRequired", message: "Required value", field: "spec.cpu" };
		expect(violationsIn(refusal(missing, unchecked), [], request)).toEqual([
			{ field: "wukong.spec.cpu", description: "is required" },
		]);
		expect(violationsIn(refusal(unchecked), [], request)).toEqual([
			{ field: "wukong", description: "some validation rules were not checked" },
		]);
	});

	test("of an admission rule without a field are told beside those of fields", () => {
		const rule = { message: "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no" };
		const missing = { reason: "FieldValueRequired", message: "Required value", field: "spec.cpu" };
		expect(violationsIn(refusal(rule, missing), [], request)).toEqual([
			{ field: "wukong", description: "no" },
			{ field: "wukong.spec.cpu", description: "is required" },
		]);
	});

	test.each([
		["spec.disks[1]", "wukong.spec.disks[1].name"],
		["spec.networks[2]", "wukong.spec.networks[2].name"],
		["spec.cloudInitUser.groups[1]", "wukong.spec.cloud_init_user.groups[1]"],
	])("of a duplicate %s are of what is used twice", (field, path) => {
		const message = 'Duplicate value: {"name":"root"}';
		expect(
			violationsIn(refusal({ reason: "FieldValueDuplicate", message, field }), [], request),
		).toEqual([{ field: path, description: "is used twice" }]);
	});

	test("without causes are of the whole Wukong", () => {
		const message = 'admission webhook "v.example.com" denied the request: cpu may not shrink';
		expect(violationsIn({ message }, [], request)).toEqual([
			{ field: "wukong", description: "cpu may not shrink" },
		]);
	});
});

test.each([
	["spec.networks[0].nodeIP", "wukong.spec.networks[0].node_ip"],
	[
		"spec.highAvailability.nodeSelector[a.b/c]",
		"wukong.spec.high_availability.node_selector[a.b/c]",
	],
	["spec.disks[0].cache.mode", "wukong.spec.disks[0]"],
	["metadata.name", "wukong.name"],
	["metadata.labels", "wukong.labels"],
	["<nil>", "wukong"],
	["", "wukong"],
])("the contract's name of %s is %s", (path, contract) => {
	expect(contractPath(path, request)).toBe(contract);
});
