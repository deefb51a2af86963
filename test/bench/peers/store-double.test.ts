import { expect, test } from "vitest";
import type { Change, StoreState } from "../../../server/src/store/change-feed.ts";
import { seedPayload } from "../payload/payload.ts";
import { createStoreDouble } from "./store-double.ts";

async function started() {
	const store = createStoreDouble(seedPayload(3).list);
	const told: (readonly Change[])[] = [];
	const loaded: StoreState[] = [];
	await store.start({
		load: (state) => loaded.push(state),
		append: (changes) => told.push(changes),
		advance() {},
	});
	return { store, told, state: loaded[0] };
}

test("a burst is one append, its versions rise, and each change follows the state before", async () => {
	const { store, told, state } = await started();
	store.change([0, 2]);
	store.change([0]);
	expect(told.map((changes) => changes.map(({ version }) => version))).toEqual([[4n, 5n], [6n]]);
	expect(told[0]?.[0]?.previous).toBe(state?.objects[0]);
	expect(told[1]?.[0]?.previous).toBe(told[0]?.[0]?.object);
	expect(await store.newestVersion(AbortSignal.timeout(1_000))).toBe(6n);
});

test("changed VMs are immutable, and differ in a label and their version only", async () => {
	const { store, told, state } = await started();
	store.change([1]);
	const object = told[0]?.[0]?.object;
	const before = state?.objects[1];
	expect(Object.isFrozen(object?.labels)).toBe(true);
	expect(object).toEqual({
		...before,
		labels: { ...before?.labels, bench: "c0000000" },
		resourceVersion: "4",
	});
});
