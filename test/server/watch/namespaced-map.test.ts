import { expect, test } from "vitest";
import { NamespacedMap } from "../../../server/src/watch/namespaced-map.ts";

const ref = (namespace: string, name: string) => ({ namespace, name });

test("a reference is its namespace and its name, however they are cut", () => {
	const map = new NamespacedMap<number>();
	map.set(ref("a", "b/c"), 1);
	map.set(ref("a/b", "c"), 2);
	map.set(ref("a", "b/c"), 3);
	expect([map.get(ref("a", "b/c")), map.get(ref("a/b", "c"))]).toEqual([3, 2]);
	expect(map.get(ref("a", "c"))).toBeUndefined();
});

test("what is deleted is gone, alone, and once", () => {
	const map = new NamespacedMap<number>();
	map.set(ref("a", "one"), 1);
	map.set(ref("a", "two"), 2);
	expect([map.delete(ref("a", "one")), map.delete(ref("a", "one"))]).toEqual([true, false]);
	expect(map.delete(ref("b", "two"))).toBe(false);
	expect([map.get(ref("a", "one")), map.get(ref("a", "two"))]).toEqual([undefined, 2]);
});
