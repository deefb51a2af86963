import { describe, expect, test } from "vitest";
import { causeText, refusalText } from "../../../../server/src/store/kubernetes/status-causes.ts";

describe("the words of a schema's rule", () => {
	// As an API server said them.
	test.each([
		[
			"FieldValueInvalid",
			"spec.cpu",
			"Invalid value: 65: spec.cpu in body should be less than or equal to 64",
			"should be less than or equal to 64",
		],
		[
			"FieldValueInvalid",
			"spec.memory",
			`Invalid value: "4 \\"GB: x": spec.memory in body should match '^[0-9]+$'`,
			"should match '^[0-9]+$'",
		],
		[
			"FieldValueTypeInvalid",
			"spec.cpu",
			'Invalid value: "string": spec.cpu in body must be of type integer: "string"',
			'must be of type integer: "string"',
		],
		[
			"FieldValueNotSupported",
			"spec.networks[0].type",
			'Unsupported value: "vxlan": supported values: "bridge", "macvlan"',
			'supported values: "bridge", "macvlan"',
		],
		[
			"FieldValueTooMany",
			"spec.disks",
			"Too many: 257: must have at most 256 items",
			"must have at most 256 items",
		],
		[
			"FieldValueTooLong",
			"spec.memory",
			"Too long: may not be more than 32 bytes",
			"may not be more than 32 bytes",
		],
		[
			"FieldValueForbidden",
			"spec.cpu",
			"Forbidden: may grow but not shrink",
			"may grow but not shrink",
		],
		["FieldValueRequired", "spec.cpu", "Required value", "is required"],
		[
			"FieldValueRequired",
			"spec.networks[0].ipConfig.address",
			"Required value: is required when mode is static",
			"is required when mode is static",
		],
		["FieldValueDuplicate", "spec.disks[1]", 'Duplicate value: {"name":"root"}', "is used twice"],
		[
			"FieldValueInvalid",
			"spec",
			'Invalid value: map[string]interface {}{"a: b":"c"}: has an odd key',
			"has an odd key",
		],
	])("%s of %s comes without the value", (reason, field, message, words) => {
		expect(causeText({ reason, field, message }, [])).toBe(words);
	});

	test("are left out where nobody can tell how far the value goes", () => {
		for (const value of ['"open: no end', "{open: no end", '["a": no end']) {
			const cause = {
				reason: "FieldValueInvalid",
				field: "spec",
				message: `Invalid value: ${value}`,
			};
			expect(causeText(cause, [])).toBe("breaks a rule of the cluster");
		}
	});
});

describe("the words of an admission rule", () => {
	test("come without the names of webhooks, policies and bindings", () => {
		const webhook = 'admission webhook "v.example.com" denied the request: cpu may not shrink';
		expect(refusalText(webhook, [])).toBe("cpu may not shrink");
		const message = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no such zone";
		expect(causeText({ message }, [])).toBe("no such zone");
		const nested = `wukongs.vm.novasphere.dev "a" is forbidden: ${message}`;
		expect(refusalText(nested, [])).toBe("no such zone");
	});

	test("are told as they are where a webhook begins them in its own way", () => {
		const cause = {
			reason: "FieldValueInvalid",
			field: "spec.cpu",
			message: "no more cores: sold",
		};
		expect(causeText(cause, [])).toBe("no more cores: sold");
	});

	test("are cut to 256 characters", () => {
		expect(causeText({ message: "x".repeat(1_000) }, [])).toHaveLength(256);
	});

	test("are not looked for in any other message", () => {
		const messages = ["a proxy says: user bob", "", undefined, { message: "x" }];
		for (const message of messages) {
			expect(refusalText(message, [])).toBe("breaks a rule of the cluster");
		}
	});
});

test("a text that repeats a credential is not told, quoted or not", () => {
	const secret = 'pw-"secret"';
	for (const message of [`no ${secret} here`, `no ${JSON.stringify({ password: secret })}`]) {
		expect(causeText({ message }, [secret])).toBe("breaks a rule of the cluster");
		const refusal = `admission webhook "v" denied the request: ${message}`;
		expect(refusalText(refusal, [secret])).toBe("breaks a rule of the cluster");
	}
});
