import { expect, test } from "vitest";
import { KeepRule } from "../../server/src/keep-rule.ts";

/** What a memory of two says to look-ups and keeps by turns. */
function turns(rule: KeepRule, count: number): string[] {
	return Array.from({ length: count }, () => (rule.mayLookUp() ? rule.next() : "sits out"));
}

test("a full memory whose things are asked for forgets all and goes on", () => {
	const rule = new KeepRule(2);
	expect(turns(rule, 2)).toEqual(["keep", "keep"]);
	for (let asked = 0; asked < 2; asked++) rule.found();
	expect(turns(rule, 4)).toEqual(["forget all", "keep", "keep", "forget all"]);
});

test("a full memory that was asked for less than it kept sits out eight look-ups for each", () => {
	const rule = new KeepRule(2);
	turns(rule, 2);
	rule.found();
	const after = turns(rule, 19);
	expect(after[0]).toBe("forget all");
	expect(after.slice(1, 17)).toEqual(Array(16).fill("sits out"));
	expect(after.slice(17)).toEqual(["keep", "keep"]);
});

test("what is made while it sits out is not kept", () => {
	const rule = new KeepRule(1);
	expect([rule.next(), rule.next(), rule.next()]).toEqual(["keep", "forget all", "keep nothing"]);
});
