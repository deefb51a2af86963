import { describe, expect, test } from "vitest";
import {
	isAnnotationKey,
	isLabelKey,
	isLabelValue,
} from "../../../server/src/resource/label-grammar.ts";

const a = (length: number) => "a".repeat(length);

describe("a label key (Kubernetes: a DNS subdomain of at most 253, a slash, a name of at most 63)", () => {
	test.each([
		["a", true],
		[a(63), true],
		[a(64), false],
		[`${a(253)}/x`, true],
		[`${a(254)}/x`, false],
		[`${"a.".repeat(126)}a/x`, true],
		[`${"a.".repeat(126)}aa/x`, false],
		[`x/${a(63)}`, true],
		[`x/${a(64)}`, false],
		["", false],
		["/x", false],
		["x/", false],
		["x/y/z", false],
		["x..y/z", false],
		["-x/z", false],
		["X.y/Name", false],
		["x.y/Na_m.e-1", true],
		["a\n", false],
	])("%j: %s", (text, expected) => {
		expect(isLabelKey(text)).toBe(expected);
	});
});

test("an annotation's key may have a prefix in capitals, as ValidateAnnotations has it", () => {
	expect(isAnnotationKey("X.y/Name")).toBe(true);
	expect(isAnnotationKey(`${"A".repeat(254)}/x`)).toBe(false);
	// Its lower case is an ASCII letter, and Kubernetes takes it; the contract has ASCII only.
	expect(isAnnotationKey("\u212a")).toBe(false);
});

test.each([
	["", true],
	[a(63), true],
	[a(64), false],
	["-a", false],
	["a.", false],
	["a b", false],
])("the label value %j: %s", (text, expected) => {
	expect(isLabelValue(text)).toBe(expected);
});
