import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, onTestFinished, test } from "vitest";
import { View } from "../../../server/src/watch/view.ts";
import type { WatchStream } from "../../../server/src/watch/watch-stream.ts";
import { createStage, filterOf, inShort, type Stage, takeAll } from "../../support/watching.ts";

const tokenOf = (event: WukongEvent | undefined) => event?.resourceVersion ?? "none";

/** A stream that has said all, and counts how often it is woken. */
function openIdle({ watch }: Stage, fields: Parameters<typeof filterOf>[0]) {
	const stream = watch({ filter: filterOf(fields) });
	const idle = { stream, woken: 0, take: () => inShort(takeAll(stream)) };
	const wait = (to: WatchStream<WukongEvent>) =>
		to.onReady({
			ready() {
				idle.woken++;
			},
		});
	takeAll(stream);
	wait(stream);
	return idle;
}

describe("a change wakes", () => {
	test("the streams that can see it, by namespace, name and labels, and no other", async () => {
		const stage = await createStage();
		const scopes = {
			all: {},
			namespace: { namespace: "prod" },
			otherNamespace: { namespace: "test" },
			name: { namespace: "prod", name: "a" },
			otherName: { namespace: "prod", name: "b" },
			sameNameElsewhere: { namespace: "test", name: "a" },
			labels: { labelSelector: "app=web" },
			otherLabels: { labelSelector: "app=api" },
			nameEverywhere: { name: "a" },
			set: { namespace: ["other", "prod"] },
			otherSet: { namespace: ["test", "other"] },
			nameInSet: { namespace: ["other", "prod"], name: "a" },
			emptySet: { namespace: [] },
		};
		const streams = Object.entries(scopes).map(
			([title, fields]) => [title, openIdle(stage, fields)] as const,
		);
		stage.store.put({ name: "a", namespace: "prod", labels: { app: "web" } });
		const woken = streams.filter(([, { woken }]) => woken > 0).map(([title]) => title);
		expect(woken).toEqual([
			"all",
			"namespace",
			"name",
			"labels",
			"nameEverywhere",
			"set",
			"nameInSet",
		]);
		for (const [title, { take }] of streams) {
			expect(take()).toEqual(woken.includes(title) ? ["ADDED a"] : []);
		}
	});

	test("the streams whose view a VM leaves by a label", async () => {
		const stage = await createStage();
		stage.store.put({ name: "a", labels: { app: "web" } });
		const web = openIdle(stage, { labelSelector: "app=web" });
		stage.store.put({ name: "a", labels: { app: "api" } });
		expect([web.woken, web.take()]).toEqual([1, ["DELETED a"]]);
	});

	test("no more views than there are in its scope, of ten thousand namespaces", async () => {
		const stage = await createStage({ maxStreams: 20_000 });
		for (let i = 0; i < 10_000; i++) openIdle(stage, { namespace: `ns-${i}` });
		const { sees } = View.prototype;
		onTestFinished(() => {
			View.prototype.sees = sees;
		});
		let looks = 0;
		View.prototype.sees = function (change) {
			looks++;
			return sees.call(this, change);
		};
		for (let i = 0; i < 10; i++) stage.store.put({ name: "a", namespace: `ns-${i}` });
		expect(looks).toBe(10);
	});
});

describe("a stream that no change concerns", () => {
	const limits = { maxChanges: 3 };

	test("says in each HEARTBEAT the newest version, and can be resumed from there", async () => {
		const stage = await createStage({ limits });
		const { stream } = openIdle(stage, { namespace: "quiet" });
		for (let round = 0; round < 3; round++) {
			for (let cpu = 1; cpu <= 5; cpu++) stage.store.put({ name: "a", namespace: "busy", cpu });
			await stage.clock.advance(15_000);
			const beat = takeAll(stream);
			expect([inShort(beat), tokenOf(beat[0])]).toEqual([["HEARTBEAT"], `${stage.store.head}`]);
			const filter = filterOf({ namespace: "quiet" });
			const resumed = stage.watch({ filter, resourceVersion: tokenOf(beat[0]) });
			expect(inShort(takeAll(resumed))).toEqual(["SYNCED"]);
		}
		stage.store.bookmark();
		await stage.clock.advance(15_000);
		expect(takeAll(stream).map(tokenOf)).toEqual([`${stage.store.head}`]);
	});

	test("is not RESET, however much of the history is forgotten, nor when news comes after it", async () => {
		const stage = await createStage({ limits });
		const { take } = openIdle(stage, { namespace: "quiet" });
		for (let cpu = 1; cpu <= 50; cpu++) stage.store.put({ name: "a", namespace: "busy", cpu });
		expect(take()).toEqual([]);
		for (let cpu = 1; cpu <= 50; cpu++) stage.store.put({ name: "a", namespace: "busy", cpu });
		stage.store.put({ name: "b", namespace: "quiet" });
		stage.store.put({ name: "c", namespace: "quiet" });
		stage.store.put({ name: "a", namespace: "busy" });
		expect(take()).toEqual(["ADDED b", "ADDED c"]);
		expect(stage.observer.resets).toEqual([]);
	});

	test("is RESET where a change that does concern it is forgotten unread", async () => {
		const stage = await createStage({ limits });
		const { take } = openIdle(stage, { namespace: "quiet" });
		stage.store.put({ name: "b", namespace: "quiet" });
		for (let cpu = 1; cpu <= 5; cpu++) stage.store.put({ name: "a", namespace: "busy", cpu });
		expect(take()).toEqual(["RESET", "ADDED b", "SYNCED"]);
		expect(stage.observer.resets).toEqual(["lagged"]);
	});

	test("says before unread news the version right before it, from which a resume sees all", async () => {
		const stage = await createStage({ limits });
		const { stream } = openIdle(stage, { namespace: "quiet" });
		for (let cpu = 1; cpu <= 9; cpu++) stage.store.put({ name: "a", namespace: "busy", cpu });
		const before = `${stage.store.head}`;
		stage.store.put({ name: "b", namespace: "quiet" });
		await stage.clock.advance(15_000);
		const [beat] = stream.take(1);
		expect(tokenOf(beat)).toBe(before);
		const filter = filterOf({ namespace: "quiet" });
		const resumed = stage.watch({ filter, resourceVersion: tokenOf(beat) });
		expect(inShort(takeAll(resumed))).toEqual(["ADDED b", "SYNCED"]);
	});

	test("goes on within its snapshot, though the version at which that began is forgotten", async () => {
		const stage = await createStage({ limits });
		for (const name of ["a", "b", "c"]) stage.store.put({ name, namespace: "quiet" });
		const stream = stage.watch({ filter: filterOf({ namespace: "quiet" }) });
		expect(inShort(stream.take(1))).toEqual(["ADDED a"]);
		for (let cpu = 1; cpu <= 50; cpu++) stage.store.put({ name: "x", namespace: "busy", cpu });
		stage.store.drop("c", "quiet");
		expect(inShort(takeAll(stream))).toEqual(["ADDED b", "ADDED c", "SYNCED", "DELETED c"]);
	});
});
