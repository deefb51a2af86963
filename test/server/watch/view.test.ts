import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import { createChangeLog } from "../../../server/src/watch/change-log.ts";
import { createSelector } from "../../../server/src/watch/selector.ts";
import type { View } from "../../../server/src/watch/view.ts";
import { createViews } from "../../../server/src/watch/views.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemorySource } from "../../support/memory-source.ts";
import { createStage, filterOf, inShort, takeAll } from "../../support/watching.ts";

const anyBytes = Number.MAX_SAFE_INTEGER;

async function setUp() {
	const clock = createFakeClock();
	const source = createMemorySource(clock);
	const limits = { maxChanges: 1_000, maxAgeMs: 1_000, maxBytes: 2 ** 26 };
	const log = createChangeLog({ limits, clock });
	await source.start(log);
	const listeners = { count: 0 };
	const views = createViews({
		...log,
		get history() {
			return log.history;
		},
		onNews(callback) {
			listeners.count++;
			const forget = log.onNews(callback);
			return () => {
				listeners.count--;
				forget();
			};
		},
	});
	const from = log.history.nextSequence;
	return { source, log, views, listeners, from };
}

describe("streams with equal filters", () => {
	test("at one place are given one frozen array, of a snapshot and of changes", async () => {
		const { source, watch } = await createStage();
		source.put({ name: "a" });
		const streams = Array.from({ length: 3 }, () => watch({ filter: filterOf() }));
		const snapshots = streams.map((stream) => stream.take(anyBytes));
		expect(inShort(snapshots[0] ?? [])).toEqual(["ADDED a"]);
		for (const stream of streams) takeAll(stream);
		source.put({ name: "a", cpu: 2 });
		source.put({ name: "b" });
		const changes = streams.map((stream) => stream.take(anyBytes));
		expect(inShort(changes[0] ?? [])).toEqual(["MODIFIED a", "ADDED b"]);
		expect([new Set(snapshots).size, new Set(changes).size]).toEqual([1, 1]);
		expect(changes.every(Object.isFrozen)).toBe(true);
	});

	test("at other places, or with other filters, are given what is theirs", async () => {
		const { source, watch } = await createStage();
		const all = watch();
		const late = watch();
		const some = watch({ filter: filterOf({ name: "b", namespace: "default" }) });
		for (const stream of [all, late, some]) takeAll(stream);
		source.put({ name: "a" });
		takeAll(all);
		source.put({ name: "b" });
		const taken = [all, late, some].map((stream) => inShort(takeAll(stream)));
		expect(taken).toEqual([["ADDED b"], ["ADDED a", "ADDED b"], ["ADDED b"]]);
	});
});

describe("a view", () => {
	test("gives the same slice again, until there is news", async () => {
		const { source, log, views, from } = await setUp();
		const view = views.enter(filterOf());
		source.put({ name: "a" });
		const end = log.history.nextSequence;
		const slice = view.changes(from, end, anyBytes);
		expect(view.changes(from, end, anyBytes)).toBe(slice);
		source.put({ name: "b" });
		expect(view.changes(from, end, anyBytes)).not.toBe(slice);
		expect(view.changes(from, end, anyBytes)).toEqual(slice);
	});

	test("judges what is superseded by the log as it is, also for who is told of news before it", async () => {
		const { source, log, views, from } = await setUp();
		let look = () => {};
		log.onNews(() => look());
		const view = views.enter(filterOf());
		for (const cpu of [1, 2, 3]) source.put({ name: "a", cpu });
		const end = log.history.nextSequence;
		for (let count = 1; count <= 98; count++) source.put({ name: "b" });
		const skipped = [view.changes(from, end, anyBytes).skipped];
		look = () => void skipped.push(view.changes(from, end, anyBytes).skipped);
		source.put({ name: "b" });
		expect(skipped).toEqual([0, 1]);
	});

	test("of a burst that is larger than a slice has several, each up to its bytes", async () => {
		const { source, log, views, from } = await setUp();
		const view = views.enter(filterOf());
		for (const name of ["a", "b", "c"]) source.put({ name });
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
		const { views, listeners } = await setUp();
		const view = views.enter(filterOf({ labelSelector: "app=web" }));
		expect(views.enter(filterOf({ labelSelector: "app=web" }))).toBe(view);
		expect(views.enter(filterOf())).not.toBe(view);
		views.leave(view);
		expect(views.enter(filterOf({ labelSelector: "app=web" }))).toBe(view);
		views.leave(view);
		views.leave(view);
		expect(listeners.count).toBe(1);
		expect(views.enter(filterOf({ labelSelector: "app=web" }))).not.toBe(view);
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
		views.leave(opened[1] as View);
		views.enter(filterAt(99));
		expect(() => views.enter(filterAt(100))).toThrow();
	});
});
