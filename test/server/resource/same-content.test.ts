import { expect, test } from "vitest";
import { areSameFields, isSameContent } from "../../../server/src/resource/same-content.ts";

test.each<[unknown, unknown, boolean]>([
	[1, 1, true],
	[1n, 1n, true],
	["a", "b", false],
	[Number.NaN, Number.NaN, true],
	[null, undefined, false],
	[null, {}, false],
	[{}, [], false],
	[[], {}, false],
	[[1, [2]], [1, [2]], true],
	[[1], [1, 2], false],
	[{ a: 1, b: { c: "x" } }, { b: { c: "x" }, a: 1 }, true],
	[{ a: 1 }, { a: 1, b: undefined }, false],
	[{ a: 1, b: undefined }, { a: 1 }, false],
	[{ a: undefined }, { b: undefined }, false],
	[{ toString: 1 }, {}, false],
	[Object.create({ a: 1 }), {}, true],
	[JSON.parse('{"__proto__":{"a":1}}'), {}, false],
	[JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}'), true],
])("%o and %o are the same: %s", (a, b, same) => {
	expect(isSameContent(a, b)).toBe(same);
	expect(isSameContent(b, a)).toBe(same);
});

test("fields that are named are not looked at, in the object itself and no deeper", () => {
	expect(areSameFields({ a: 1, v: 1 }, { a: 1, v: 2 }, "v")).toBe(true);
	expect(areSameFields({ a: 1, v: 1 }, { a: 1 }, "v")).toBe(true);
	expect(areSameFields({ a: { v: 1 } }, { a: { v: 2 } }, "v")).toBe(false);
});
