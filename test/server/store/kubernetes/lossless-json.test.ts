import { expect, test } from "vitest";
import {
	integerJson,
	parseLosslessJson,
	withIntegerTexts,
} from "../../../../server/src/store/kubernetes/lossless-json.ts";
import { isJsonObject } from "../../../../server/src/store/kubernetes/unstructured.ts";

test.each([
	'{"a":9007199254740993}',
	'[-9223372036854775808,9007199254740991,1,0.5,"9007199254740993"]',
	'{"a":"1234567890123456 in a text"}',
])("%s is written as it was read", (text) => {
	expect(JSON.stringify(parseLosslessJson(text))).toBe(text);
});

test("numbers that a number holds stay numbers", () => {
	expect(parseLosslessJson('{"a":9007199254740991,"b":1e20,"c":"1234567890123456"}')).toEqual({
		a: 9_007_199_254_740_991,
		b: 1e20,
		c: "1234567890123456",
	});
	expect(integerJson("300")).toBe(300);
});

test("a long integer is no object, and a text where the contract's JSON is wanted", () => {
	const json = { a: [integerJson("9007199254740993")], b: 1 };
	expect(isJsonObject(json.a[0])).toBe(false);
	expect(withIntegerTexts(json)).toEqual({ a: ["9007199254740993"], b: 1 });
});

test("what is no JSON is refused, with many digits, too", () => {
	for (const text of ["{", '{"a":9007199254740993'])
		expect(() => parseLosslessJson(text)).toThrow(SyntaxError);
});
