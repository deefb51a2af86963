import type { Wukong } from "@novasphere/wukong-gen/wukong";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareRefs } from "../../../server/src/resource/object.ts";
import { Places } from "../../../server/src/watch/places.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { createWukongLog, type WukongLog } from "../../support/watching.ts";

const setUp = async (maxChanges: number, maxAgeMs = 1_000, maxBytes = 2 ** 26) => {
	const clock = createFakeClock();
	const store = createMemoryStore(clock);
	const log = createWukongLog({ maxChanges, maxAgeMs, maxBytes }, clock);
	await store.start(log);
	return { clock, store, log };
};
const kept = (log: WukongLog) => log.history.nextSequence - log.history.firstSequence;

describe("the history", () => {
	test("forgets the oldest change over its count, and knows the version before", async () => {
		const { store, log } = await setUp(3);
		for (let cpu = 1; cpu <= 5; cpu++) store.put({ name: "a", cpu });
		expect(kept(log)).toBe(3);
		expect(log.history.bases[0]).toBe(store.head - 3n);
		expect(log.history.from(0)?.change.object.spec?.cpu).toBe(3);
	});

	test("knows what a relist went past", async () => {
		const { store, log } = await setUp(10);
		const object = store.put({ name: "a" });
		const { head } = store;
		const told = { object, previous: object, deleted: false, timeMs: 0, gapAfter: head };
		log.append([
			{ ...told, version: head + 10n, resumeVersion: head },
			{ ...told, version: head + 10n, resumeVersion: head + 10n },
		]);
		const versions = [-1n, 0n, 1n, 9n, 10n].map((offset) => head + offset);
		const inGap = versions.filter((version) => log.history.hasLost(new Places([version])));
		expect(inGap).toEqual([head + 1n, head + 9n]);
	});

	test("forgets changes over their age when the next one comes", async () => {
		const { store, log, clock } = await setUp(10);
		store.put({ name: "a" });
		await clock.advance(1_001);
		store.put({ name: "b" });
		expect(kept(log)).toBe(1);
	});

	test("forgets changes over its size, so that a large object cannot fill the memory", async () => {
		const { store, log } = await setUp(1_000, 1_000, 15_000);
		const labels = { note: "x".repeat(3_000) };
		for (let cpu = 1; cpu <= 100; cpu++) store.put({ name: "a", cpu, labels });
		expect(kept(log)).toBe(3);
		expect(log.history.bases[0]).toBe(store.head - 3n);
		store.put({ name: "a", labels: { note: "x".repeat(20_000) } });
		store.put({ name: "a" });
		// Larger than all that may be kept, and still there for those who are nearly current.
		expect(kept(log)).toBe(1);
	});

	test("goes on with the first entry that it holds from a place on", async () => {
		const { store, log } = await setUp(2);
		for (const name of ["a", "b", "c"]) store.put({ name });
		expect([0, 1, 2, 3].map((at) => log.history.from(at)?.sequence)).toEqual([1, 1, 2, undefined]);
	});
});

describe("the state at an older version", () => {
	test("is what it was then, for every version in the history", async () => {
		const write = fc.record({
			name: fc.constantFrom("a", "b", "c", "d", "e"),
			namespace: fc.constantFrom("one", "two"),
			drop: fc.boolean(),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(write, { maxLength: 40 }), async (writes) => {
				const { store, log } = await setUp(20);
				const seen = new Map<bigint, readonly Wukong[]>();
				for (const { name, namespace, drop } of writes) {
					seen.set(store.head, log.state.snapshot());
					if (drop) store.drop(name, namespace);
					else store.put({ name, namespace });
				}
				for (const [version, snapshot] of seen) {
					if (version < (log.history.bases[0] ?? 0n)) continue;
					const at = new Places([version]);
					expect([...(log.objectsAt(at) ?? [])]).toEqual(snapshot);
					const after = { namespace: "one", name: "d" };
					const rest = snapshot.filter((wukong) => compareRefs(wukong, after) > 0);
					expect([...(log.objectsAt(at, after) ?? [])]).toEqual(rest);
				}
			}),
		);
	});

	test("of a snapshot that is held never changes", async () => {
		const { store, log } = await setUp(20);
		store.put({ name: "a" });
		const before = log.state.snapshot();
		store.put({ name: "b" });
		store.drop("a");
		expect(before.map(({ name }) => name)).toEqual(["a"]);
	});
});

test("news is told to who asked, and no longer to who took it back", async () => {
	const { store, log } = await setUp(20);
	const told: string[] = [];
	log.onNews(() => told.push("first"));
	const takeBack = log.onNews(() => told.push("second"));
	store.put({ name: "a" });
	takeBack();
	store.put({ name: "b" });
	expect(told).toEqual(["first", "second", "first"]);
});
