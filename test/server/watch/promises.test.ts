import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { startOver } from "../../../server/src/resource/version.ts";
import {
	createStage,
	createStageOn,
	filterOf,
	inShort,
	readOn,
	type Stage,
	takeAll,
} from "../../support/watching.ts";

const tokenOf = (event: WukongEvent | undefined) => event?.resourceVersion ?? "none";

describe("promise 1, no gap", () => {
	test("a start without version is the snapshot, SYNCED, then live", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "b" });
		store.put({ name: "a" });
		const stream = watch();
		expect(inShort(takeAll(stream))).toEqual(["ADDED a", "ADDED b", "SYNCED"]);
		store.put({ name: "c" });
		store.drop("a");
		expect(inShort(takeAll(stream))).toEqual(["ADDED c", "DELETED a"]);
	});

	test("what changes while the snapshot is sent comes after SYNCED", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a" });
		store.put({ name: "b" });
		const stream = watch();
		expect(inShort(stream.take(1))).toEqual(["ADDED a"]);
		store.put({ name: "b", cpu: 2 });
		store.put({ name: "c" });
		expect(inShort(takeAll(stream))).toEqual(["ADDED b", "SYNCED", "MODIFIED b", "ADDED c"]);
	});

	test("a start with a version is what was missed, SYNCED, then live", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a" });
		const token = store.put({ name: "b" }).resourceVersion;
		store.put({ name: "a", cpu: 2 });
		store.drop("b");
		const stream = watch({ resourceVersion: token });
		expect(inShort(takeAll(stream))).toEqual(["MODIFIED a", "DELETED b", "SYNCED"]);
		store.put({ name: "c" });
		expect(inShort(takeAll(stream))).toEqual(["ADDED c"]);
	});

	test("a reader that waits is woken by the next change", async () => {
		const { store, watch } = await createStage();
		const events = watch()[Symbol.asyncIterator]();
		expect(inShort([(await events.next()).value])).toEqual(["SYNCED"]);
		const next = events.next();
		store.put({ name: "a" });
		expect(inShort([(await next).value])).toEqual(["ADDED a"]);
		await events.return?.();
	});
});

describe("promise 2, in order and never twice, with tokens", () => {
	test("every message carries a token from which any replica goes on exactly there", async () => {
		const first = await createStage();
		const second = await createStageOn(first);
		const stream = first.watch();
		takeAll(stream);
		for (const name of ["a", "b", "a", "c"]) first.store.put({ name });
		first.store.drop("b");
		const events = takeAll(stream);
		events.forEach((event, index) => {
			const resumed = second.watch({ resourceVersion: event.resourceVersion });
			const rest = inShort(events.slice(index + 1));
			expect(inShort(takeAll(resumed))).toEqual([...rest, "SYNCED"]);
		});
	});

	test("inside a snapshot the token means start over, at SYNCED it is live", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a" });
		const [added, synced] = takeAll(watch());
		expect(tokenOf(added)).toBe(startOver);
		expect(inShort(takeAll(watch({ resourceVersion: startOver })))).toEqual([
			"RESET",
			"ADDED a",
			"SYNCED",
		]);
		expect(inShort(takeAll(watch({ resourceVersion: tokenOf(synced) })))).toEqual(["SYNCED"]);
	});

	test("a bookmark moves the token of an idle stream on", async () => {
		const { store, watch, clock } = await createStage({ exactVersions: false });
		const stream = watch();
		takeAll(stream);
		const version = store.bookmark();
		await clock.advance(15_000);
		expect(takeAll(stream).map(tokenOf)).toEqual([`${version}`]);
	});

	test("a VM's own version and a list's resume as well", async () => {
		const { store, replica, watch } = await createStage();
		const vm = store.put({ name: "a" });
		const page = await replica.list({
			filter: filterOf(),
			pageSize: 0,
			pageToken: "",
			minResourceVersion: "",
			caller: { signal: new AbortController().signal },
		});
		store.put({ name: "b" });
		for (const resourceVersion of [vm.resourceVersion, page.resourceVersion]) {
			expect(inShort(takeAll(watch({ resourceVersion })))).toEqual(["ADDED b", "SYNCED"]);
		}
	});
});

describe("promise 3, a filter is a view", () => {
	test("what stops matching arrives as DELETED with its last visible state", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a", labels: { app: "web" } });
		const stream = watch({ filter: filterOf({ labelSelector: "app=web" }) });
		takeAll(stream);
		store.put({ name: "a", labels: { app: "secret" } });
		const [gone] = takeAll(stream);
		expect(inShort(gone === undefined ? [] : [gone])).toEqual(["DELETED a"]);
		expect(gone?.wukong?.labels).toEqual({ app: "web" });
	});

	test("what starts matching arrives as ADDED", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a", labels: { app: "api" } });
		const stream = watch({ filter: filterOf({ labelSelector: "app=web" }) });
		expect(inShort(takeAll(stream))).toEqual(["SYNCED"]);
		store.put({ name: "a", labels: { app: "web" } });
		store.put({ name: "a", cpu: 2 });
		expect(inShort(takeAll(stream))).toEqual(["ADDED a", "MODIFIED a"]);
	});

	test("changes outside of the view are silent, a deletion too", async () => {
		const { store, watch } = await createStage();
		const stream = watch({ filter: filterOf({ namespace: "prod", name: "a" }) });
		takeAll(stream);
		store.put({ name: "a", namespace: "test" });
		store.put({ name: "b", namespace: "prod" });
		store.drop("a", "test");
		expect(takeAll(stream)).toEqual([]);
		store.put({ name: "a", namespace: "prod" });
		expect(inShort(takeAll(stream))).toEqual(["ADDED a"]);
	});

	test("a recreated name is DELETED, then ADDED", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a" });
		const stream = watch();
		takeAll(stream);
		store.drop("a");
		store.put({ name: "a" });
		const events = takeAll(stream);
		expect(inShort(events)).toEqual(["DELETED a", "ADDED a"]);
		expect(events[0]?.wukong?.uid).not.toBe(events[1]?.wukong?.uid);
	});
});

describe("promise 4, an unusable token is no error loop", () => {
	test.each([
		["malformed", "no version!"],
		["of another life of the store", "1000001"],
		["ahead of the store", "99999999"],
		["too old", "7"],
		["with a leading zero", "01000"],
	])("a token that is %s is RESET, a snapshot and SYNCED on the same stream", async (_, token) => {
		const { store, watch } = await createStage();
		store.put({ name: "a" });
		const stream = watch({ resourceVersion: token });
		const first = await stream[Symbol.asyncIterator]().next();
		expect(inShort([first.value])).toEqual(["RESET"]);
		expect(inShort(takeAll(stream))).toEqual(["ADDED a", "SYNCED"]);
	});

	test("a token older than the history is RESET, the history's base is not", async () => {
		const { store, watch, observer } = await createStage({ limits: { maxChanges: 3 } });
		const tokens = [1, 2, 3, 4, 5].map((cpu) => store.put({ name: "a", cpu }).resourceVersion);
		const resume = (token: string | undefined) =>
			inShort(takeAll(watch({ resourceVersion: token ?? "" })))[0];
		expect(resume(tokens[0])).toBe("RESET");
		expect(resume(tokens[1])).toBe("MODIFIED a");
		expect(observer.resets).toEqual(["expired"]);
	});

	test("a store that starts over resets its streams", async () => {
		const { store, watch, replica } = await createStage();
		store.put({ name: "a" });
		const stream = watch();
		takeAll(stream);
		await replica.start();
		expect(inShort(takeAll(stream))).toEqual(["RESET", "ADDED a", "SYNCED"]);
	});
});

describe("promise 5, a slow reader harms itself only", () => {
	test("a lagging reader is spared superseded MODIFIED, never an ADDED or DELETED", async () => {
		const { store, watch, observer } = await createStage();
		store.put({ name: "a" });
		store.put({ name: "b" });
		const stream = watch();
		takeAll(stream);
		for (let cpu = 1; cpu <= 200; cpu++) store.put({ name: "a", cpu });
		store.put({ name: "c" });
		store.drop("b");
		store.drop("a");
		store.put({ name: "a", cpu: 7 });
		const events = takeAll(stream);
		expect(inShort(events).slice(-4)).toEqual(["ADDED c", "DELETED b", "DELETED a", "ADDED a"]);
		expect(observer.skipped).toBeGreaterThan(90);
		expect(events.length + observer.skipped).toBe(204);
	});

	test("a state is skipped only if a MODIFIED in the same view follows it", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a", labels: { app: "web" } });
		const stream = watch({ filter: filterOf({ labelSelector: "app=web" }) });
		takeAll(stream);
		store.put({ name: "a", cpu: 2 });
		store.put({ name: "a", labels: { app: "api" } });
		for (let cpu = 1; cpu <= 200; cpu++) store.put({ name: "b", cpu });
		expect(inShort(takeAll(stream))).toEqual(["MODIFIED a", "DELETED a"]);
	});

	test.each([
		["live", (stage: Stage) => stage.watch()],
		[
			"catching up",
			(stage: Stage) =>
				stage.watch({ resourceVersion: stage.store.put({ name: "b" }).resourceVersion }),
		],
	])(
		"a reader that stood still past a HEARTBEAT comes level without further news, %s",
		async (_, open) => {
			const stage = await createStage();
			const { store, clock } = stage;
			const stream = open(stage);
			takeAll(stream);
			store.put({ name: "a" });
			await clock.advance(15_000);
			expect(inShort(readOn(stream))).toEqual(["HEARTBEAT", "ADDED a"]);
		},
	);

	test("who waits for what has come already is told at once", async () => {
		const { store, watch } = await createStage();
		const stream = watch();
		takeAll(stream);
		store.put({ name: "a" });
		let told = 0;
		stream.onReady({ ready: () => told++ });
		expect(told).toBe(1);
		expect(inShort(readOn(stream))).toEqual(["ADDED a"]);
		stream.onReady({ ready: () => told++ });
		expect(told).toBe(1);
	});

	test("a store that starts over has something to say to who had heard all", async () => {
		const { watch, replica } = await createStage();
		const stream = watch();
		takeAll(stream);
		expect(stream.hasMore).toBe(false);
		await replica.start();
		expect(inShort(readOn(stream))).toEqual(["RESET", "SYNCED"]);
	});

	test.each([
		[100, 0],
		[101, 1],
	])(
		"of %i changes that come at once, %i superseded states are skipped for a reader that keeps up",
		async (changes, skipped) => {
			const { store, watch, observer } = await createStage();
			store.put({ name: "a" });
			const stream = watch();
			takeAll(stream);
			store.hold();
			for (let cpu = 1; cpu <= changes; cpu++) store.put({ name: "a", cpu });
			store.release();
			const events = readOn(stream);
			expect([events.length + observer.skipped, events.at(-1)?.wukong?.spec?.cpu]).toEqual([
				changes,
				changes,
			]);
			expect(observer.skipped).toBe(skipped);
		},
	);

	test("a lagging reader gets RESET once its place is evicted", async () => {
		const { store, watch, observer } = await createStage({ limits: { maxChanges: 10 } });
		const stream = watch();
		takeAll(stream);
		for (let cpu = 1; cpu <= 11; cpu++) store.put({ name: "a", cpu });
		expect(inShort(takeAll(stream))).toEqual(["RESET", "ADDED a", "SYNCED"]);
		expect(observer.resets).toEqual(["lagged"]);
	});

	test("a reader that lags inside the snapshot gets RESET in place of SYNCED", async () => {
		const { store, watch } = await createStage({ limits: { maxChanges: 3 } });
		store.put({ name: "a" });
		const stream = watch();
		for (let cpu = 1; cpu <= 4; cpu++) store.put({ name: "b", cpu });
		expect(inShort(takeAll(stream))).toEqual(["RESET", "ADDED a", "ADDED b", "SYNCED"]);
	});
});

describe("promise 6, silence means trouble", () => {
	test("HEARTBEAT comes at the asked interval, idle and busy", async () => {
		const { store, watch, clock } = await createStage();
		const stream = watch({ heartbeatIntervalMs: 2_000 });
		takeAll(stream);
		await clock.advance(1_999);
		expect(takeAll(stream)).toEqual([]);
		await clock.advance(1);
		expect(inShort(takeAll(stream))).toEqual(["HEARTBEAT"]);
		store.put({ name: "a" });
		await clock.advance(2_000);
		expect(inShort(takeAll(stream))).toEqual(["HEARTBEAT", "ADDED a"]);
	});

	test("HEARTBEAT is never ahead of what its stream was sent", async () => {
		const { store, watch, clock } = await createStage();
		const stream = watch();
		const synced = takeAll(stream).at(-1);
		const { resourceVersion } = store.put({ name: "a" });
		await clock.advance(15_000);
		const [beat, added] = takeAll(stream);
		expect(tokenOf(beat)).toBe(tokenOf(synced));
		expect(tokenOf(added)).toBe(resourceVersion);
	});

	test("HEARTBEAT tells in whole milliseconds how fresh upstream is", async () => {
		const { store, watch } = await createStage();
		store.freshness = () => ({ lagMs: 12.345_678_9, staleSinceMs: undefined });
		const [synced] = takeAll(watch());
		expect(synced?.upstreamLag).toMatchObject({ seconds: 0n, nanos: 12_000_000 });
	});

	test("a stalled reader piles up no heartbeats", async () => {
		const { watch, clock } = await createStage();
		const stream = watch();
		takeAll(stream);
		await clock.advance(150_000);
		expect(inShort(takeAll(stream))).toEqual(["HEARTBEAT"]);
	});
});
