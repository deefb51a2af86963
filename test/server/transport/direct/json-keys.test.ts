import { expect, test } from "vitest";
import { hasKeysOnce } from "../../../../server/src/transport/direct/json-keys.ts";

const once = (text: string) => hasKeysOnce(text, JSON.parse(text));

test.each([
	"{}",
	'{"a":"x","b":"x"}',
	' { "a" : [ { "b" : 1 } , { "b" : 2 } ] } ',
	'{"image":"ubuntu:22.04","a:b":["c:d",{"e:f":":"}]}',
	'{"key":"line\\nline","quoted":"\\":\\""}',
	'{"2":1,"1":{"__proto__":2},"c":1e2}',
])("a text is known to have its keys once, whatever its spelling: %s", (text) => {
	expect(once(text)).toBe(true);
});

test.each([
	'{"a":1,"a":1}',
	'{"a":{"b":{"c":1,"c":2}}}',
	'[{},{"a":":","a":":"}]',
	'{"__proto__":1,"__proto__":2}',
])("a key that is given twice is not missed: %s", (text) => {
	expect(once(text)).toBe(false);
});

test("an escaped colon does not stand in for a lost member's", () => {
	expect(once('{"a":1,"a":"\\u003a"}')).toBe(false);
});

test("a depth that no message has is left to others", () => {
	const nested = (depth: number) => `${'{"a":'.repeat(depth)}0${"}".repeat(depth)}`;
	expect(once(nested(200))).toBe(true);
	expect(once(nested(100_000))).toBe(false);
});
