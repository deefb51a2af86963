import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { ListPage, Upstream } from "../../../../server/src/store/kubernetes/api.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import { listAll } from "../../../../server/src/store/kubernetes/list-pager.ts";
import { toCachedObject } from "../../../../server/src/store/kubernetes/object-cache.ts";
import { rawNamed } from "./raw.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const { signal } = new AbortController();
const pageSize = 50;
const pages = 20;

/** Serves pages of objects that nobody else holds, and counts how many are still held. */
function createCountedUpstream() {
	const made: WeakRef<object>[] = [];
	const heldBefore: number[] = [];
	const list: Upstream["list"] = async ({ continueToken }): Promise<ListPage> => {
		// What was dereferenced in one turn stays until its end.
		await nextTurn();
		collectGarbage();
		heldBefore.push(made.filter((object) => object.deref() !== undefined).length);
		const page = Number(continueToken || 0);
		const items = Array.from({ length: pageSize }, (_, index) =>
			rawNamed(`vm-${page}-${index}`, { version: 10 }),
		);
		for (const raw of items) made.push(new WeakRef(raw));
		return { items, version: 100n, continueToken: page + 1 < pages ? `${page + 1}` : "" };
	};
	return { heldBefore, list };
}

test("a list is taken in page by page: no more than one page of it is held as it came", async () => {
	const upstream = createCountedUpstream();
	const { items } = await listAll({ upstream, kind: wukongKind, pageSize, signal });
	expect(items).toHaveLength(pageSize * pages);
	expect(upstream.heldBefore).toHaveLength(pages);
	expect(Math.max(...upstream.heldBefore)).toBeLessThanOrEqual(pageSize);
});

test("a list holds no second time what is known already", async () => {
	const known = ["same", "changed", "recreated"].map((name) =>
		toCachedObject(wukongKind, rawNamed(name, { version: 5 })),
	);
	const raws = [
		rawNamed("same", { version: 5 }),
		rawNamed("changed", { version: 6 }),
		rawNamed("recreated", { version: 5, uid: "another" }),
	];
	const { items } = await listAll({
		upstream: { list: async () => ({ items: raws, version: 100n, continueToken: "" }) },
		kind: wukongKind,
		pageSize,
		known: ({ name }) => known.find(({ object }) => object.name === name),
		signal,
	});
	expect(items.map((item, index) => item === known[index])).toEqual([true, false, false]);
});
