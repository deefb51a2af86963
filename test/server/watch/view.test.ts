import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { Cursor } from "../../../server/src/watch/cursor.ts";
import { silentObserver } from "../../../server/src/watch/observer.ts";
import { createSelector } from "../../../server/src/watch/selector/selector.ts";
import type { View } from "../../../server/src/watch/view.ts";
import { createViews } from "../../../server/src/watch/views.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { until } from "../../support/until.ts";
import {
	createStage,
	createWukongLog,
	filterOf,
	inShort,
	takeAll,
} from "../../support/watching.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const anyBytes = Number.MAX_SAFE_INTEGER;

async function setUp() {
	const clock = createFakeClock();
	const store = createMemoryStore(clock);
	const limits = { maxChanges: 1_000, maxAgeMs: 1_000, maxBytes: 2 ** 26 };
	const log = createWukongLog(limits, clock);
	await store.start(log);
	const views = createViews(log);
	const from = log.history.nextSequence;
	return { store, log, views, from };
}

describe("streams with equal filters", () => {
	test("at one place are given one frozen array, of a snapshot and of changes", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a" });
		const streams = Array.from({ length: 3 }, () => watch({ filter: filterOf() }));
		const snapshots = streams.map((stream) => stream.take(anyBytes));
		expect(inShort(snapshots[0] ?? [])).toEqual(["ADDED a"]);
		for (const stream of streams) takeAll(stream);
		store.put({ name: "a", cpu: 2 });
		store.put({ name: "b" });
		const changes = streams.map((stream) => stream.take(anyBytes));
		expect(inShort(changes[0] ?? [])).toEqual(["MODIFIED a", "ADDED b"]);
		expect([new Set(snapshots).size, new Set(changes).size]).toEqual([1, 1]);
		expect(changes.every(Object.isFrozen)).toBe(true);
	});

	test("at other places, or with other filters, are given what is theirs", async () => {
		const { store, watch } = await createStage();
		const all = watch();
		const late = watch();
		const some = watch({ filter: filterOf({ name: "b", namespace: "default" }) });
		for (const stream of [all, late, some]) takeAll(stream);
		store.put({ name: "a" });
		takeAll(all);
		store.put({ name: "b" });
		const taken = [all, late, some].map((stream) => inShort(takeAll(stream)));
		expect(taken).toEqual([["ADDED b"], ["ADDED a", "ADDED b"], ["ADDED b"]]);
	});
});

describe("a view", () => {
	test("gives the same slice again, until there is news", async () => {
		const { store, log, views, from } = await setUp();
		const view = views.enter(filterOf());
		store.put({ name: "a" });
		const end = log.history.nextSequence;
		const slice = view.changes(from, end, anyBytes);
		expect(view.changes(from, end, anyBytes)).toBe(slice);
		store.put({ name: "b" });
		expect(view.changes(from, end, anyBytes)).not.toBe(slice);
		expect(view.changes(from, end, anyBytes)).toEqual(slice);
	});

	test("judges what is superseded by the log as it is, also for who is told of news before it", async () => {
		const { store, log, views, from } = await setUp();
		let look = () => {};
		log.onNews(() => look());
		const view = views.enter(filterOf());
		for (const cpu of [1, 2, 3]) store.put({ name: "a", cpu });
		const end = log.history.nextSequence;
		for (let count = 1; count <= 98; count++) store.put({ name: "b" });
		const skipped = [view.changes(from, end, anyBytes).skipped];
		look = () => void skipped.push(view.changes(from, end, anyBytes).skipped);
		store.put({ name: "b" });
		expect(skipped).toEqual([0, 1]);
	});

	test("of a burst that is larger than a slice has several, each up to its bytes", async () => {
		const { store, log, views, from } = await setUp();
		const view = views.enter(filterOf());
		for (const name of ["a", "b", "c"]) store.put({ name });
		const end = log.history.nextSequence;
		const first = view.changes(from, end, 1);
		const rest = view.changes(first.end, end, anyBytes);
		expect([inShort(first.events), inShort(rest.events)]).toEqual([
			["ADDED a"],
			["ADDED b", "ADDED c"],
		]);
		expect(rest.end).toBe(end);
	});

	test("is one for all who have its filter, and gone with the last of them", async () => {
		const { views } = await setUp();
		const view = views.enter(filterOf({ labelSelector: "app=web" }));
		expect(views.enter(filterOf({ labelSelector: "app=web" }))).toBe(view);
		const all = views.enter(filterOf());
		expect(all).not.toBe(view);
		views.leave(view);
		expect(views.enter(filterOf({ labelSelector: "app=web" }))).toBe(view);
		views.leave(view);
		views.leave(view);
		expect(views.size).toBe(1);
		views.leave(all);
		expect(views.size).toBe(0);
		expect(views.enter(filterOf({ labelSelector: "app=web" }))).not.toBe(view);
	});

	test("of a set of namespaces is one for all who have an equal set, and shows what is in it", async () => {
		const { store, watch } = await createStage();
		for (const namespace of ["a", "b", "c"]) store.put({ name: "vm", namespace });
		const streams = [
			["c", "a"],
			["a", "c", "a"],
		].map((namespace) => watch({ filter: filterOf({ namespace }) }));
		const [first, second] = streams.map((stream) => stream.take(anyBytes));
		expect(first?.map(({ wukong }) => wukong?.namespace)).toEqual(["a", "c"]);
		expect(second).toBe(first);
		const { views } = await setUp();
		const view = views.enter(filterOf({ namespace: ["a", "b"] }));
		expect(views.enter(filterOf({ namespace: ["b", "a"] }))).toBe(view);
		const others = [["a"], ["a", "b", "c"], [], "a", ""] as const;
		for (const namespace of others) expect(views.enter(filterOf({ namespace }))).not.toBe(view);
	});

	test("is refused where the filters of all would take too many bytes, until others are gone", async () => {
		const { log } = await setUp();
		const views = createViews(log, 64 * 1_024);
		const filterAt = (i: number) => ({
			...filterOf(),
			selector: createSelector(
				Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key-${n}`, `${i}`])),
				"",
			),
		});
		const opened = [];
		for (let i = 0; ; i++) {
			try {
				opened.push(views.enter(filterAt(i)));
			} catch (error) {
				expect(error).toMatchObject({ reason: ErrorReason.TOO_MANY_REQUESTS });
				break;
			}
		}
		expect(opened.length).toBeGreaterThan(1);
		expect(opened.length).toBeLessThan(5);
		// Streams with a filter that is there already are let in.
		expect(views.enter(filterAt(0))).toBe(opened[0]);
		views.leave(opened[1] as View<Wukong, WukongEvent>);
		views.enter(filterAt(99));
		expect(() => views.enter(filterAt(100))).toThrow();
	});
});

test("a cursor that stands still within its snapshot holds no state that the history has forgotten", async () => {
	const log = createWukongLog(
		{ maxChanges: 2, maxAgeMs: 1_000, maxBytes: 2 ** 26 },
		createFakeClock(),
	);
	const newest = new Map<string, Wukong>();
	const put = (name: string, version: bigint) => {
		const object = create(WukongSchema, { namespace: "default", name });
		const versions = { version, resumeVersion: version };
		const previous = newest.get(name);
		newest.set(name, object);
		log.append([{ ...versions, timeMs: 0, object, previous, deleted: false }]);
	};
	log.load({ objects: [], head: 0n, history: [], base: 0n });
	for (const [place, name] of ["a", "b", "c"].entries()) put(name, BigInt(place + 1));
	const cursor = new Cursor(createViews(log).enter(filterOf()), { at: "snapshot" }, silentObserver);
	expect(inShort(cursor.next(1) as WukongEvent[])).toEqual(["ADDED a"]);
	const old = new WeakRef(newest.get("c") ?? {});
	for (let version = 4n; version <= 8n; version++) put("c", version);
	await until("the old state is free", () => {
		collectGarbage();
		return old.deref() === undefined;
	});
	expect(cursor.next(anyBytes)).toBe("reset");
	expect(inShort(cursor.next(anyBytes) as WukongEvent[])).toEqual([
		"ADDED a",
		"ADDED b",
		"ADDED c",
	]);
});

test("a stream that is slow within its snapshot is told of it as it was, then of what came later", async () => {
	const { store, watch } = await createStage();
	for (const name of ["a", "b", "c", "d"]) store.put({ name, cpu: 1 });
	const streams = [watch(), watch(), watch({ filter: filterOf({ labelSelector: "!x" }) })];
	for (const stream of streams) expect(inShort(stream.take(1))).toEqual(["ADDED a"]);
	store.put({ name: "c", cpu: 2 });
	store.drop("d");
	store.put({ name: "aa", cpu: 2 });
	for (const stream of streams) {
		const events = takeAll(stream);
		expect(inShort(events)).toEqual([
			...["ADDED b", "ADDED c", "ADDED d", "SYNCED"],
			...["MODIFIED c", "DELETED d", "ADDED aa"],
		]);
		expect(events[1]?.wukong?.spec?.cpu).toBe(1);
	}
});
