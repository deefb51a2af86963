import { create } from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { createPageCache } from "../../../server/src/watch/page-cache.ts";
import { filterOf } from "../../support/watching.ts";

const snapshot = [create(WukongSchema, { name: "a" })];
const page = (nextPageToken = "") => ({ objects: snapshot, nextPageToken, resourceVersion: "1" });
const keyOf = (pageSize: number, labelSelector = "") => ({
	version: "1",
	from: 0,
	pageSize,
	filter: filterOf({ labelSelector }),
});

describe("pages that are kept", () => {
	test("are those of one snapshot", () => {
		const cache = createPageCache();
		const one = page();
		cache.keep(snapshot, keyOf(1), one);
		expect(cache.find(snapshot, keyOf(1))).toBe(one);
		expect(cache.find([...snapshot], keyOf(1))).toBeUndefined();
		cache.keep([...snapshot], keyOf(2), page());
		expect(cache.find(snapshot, keyOf(1))).toBeUndefined();
	});

	test("are forgotten with the snapshot", () => {
		const cache = createPageCache();
		cache.keep(snapshot, keyOf(1), page());
		cache.clear();
		expect(cache.find(snapshot, keyOf(1))).toBeUndefined();
	});

	test.each([
		["page sizes", (i: number) => keyOf(i)],
		["long selectors", (i: number) => keyOf(0, `!${"k".repeat(50)}${i}`)],
	])("of many %s take no more than their bytes; the one not asked for longest goes", (_, key) => {
		const cache = createPageCache(16 * 1_024);
		cache.keep(snapshot, key(0), page());
		for (let i = 1; i < 1_000; i++) {
			cache.keep(snapshot, key(i), page());
			expect(cache.find(snapshot, key(0))).toBeDefined();
		}
		const kept = Array.from({ length: 1_000 }, (_, i) => i).filter(
			(i) => cache.find(snapshot, key(i)) !== undefined,
		);
		expect(kept.length).toBeLessThan(32);
		expect(kept.slice(1)).toEqual(
			Array.from({ length: kept.length - 1 }, (_, i) => 1_000 - kept.length + 1 + i),
		);
	});

	test("whose token alone is too large are not kept", () => {
		const cache = createPageCache(1_024);
		cache.keep(snapshot, keyOf(1), page("x".repeat(1_024)));
		expect(cache.find(snapshot, keyOf(1))).toBeUndefined();
	});
});
