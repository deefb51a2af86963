import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, describe, expect, test } from "vitest";
import { rawNamed } from "./raw.ts";
import {
	createReflectorHarness,
	labelled,
	type ReflectorHarness,
	startReflector,
	wordsOf,
} from "./reflector-harness.ts";
import { unreachable } from "./scripted-upstream.ts";

let harness: ReflectorHarness;
afterEach(async () => {
	await harness.close();
	expect(harness.clock.pendingTimers).toBe(0);
});

async function started(...options: Parameters<typeof startReflector>) {
	harness = await startReflector(...options);
	return harness;
}

describe("the start", () => {
	test("lists, loads, and watches from the list's version", async () => {
		const { upstream, sink } = await started();
		expect(sink.loads).toMatchObject([{ head: 100n, base: 100n, history: [] }]);
		expect([...sink.objects.keys()]).toEqual(["default/a"]);
		expect(upstream.watching.request.fromVersion).toBe(100n);
	});

	test("reads the list in pages, all of one list", async () => {
		harness = createReflectorHarness({ pageSize: 2 });
		const { upstream, sink } = harness;
		const page = (name: string, continueToken: string) => () => ({
			version: 100n,
			items: [rawNamed(name)],
			continueToken,
		});
		upstream.listAnswers.push(page("a", "t1"), page("b", "t2"), page("c", ""));
		await harness.start();
		expect(upstream.lists.map(({ limit, continueToken }) => [limit, continueToken])).toEqual([
			[2, ""],
			[2, "t1"],
			[2, "t2"],
		]);
		expect(sink.objects.size).toBe(3);
	});

	test("is in the past, where the API server still has it: history is true", async () => {
		harness = createReflectorHarness({ historyVersions: 20n });
		const { upstream, sink } = harness;
		upstream.state = {
			version: 100,
			objects: [labelled("a", 95, "new"), rawNamed("c", { version: 97 })],
		};
		const past = [labelled("a", 60, "old"), rawNamed("b", { version: 70 })];
		const head = () => ({ version: 100n, items: upstream.state.objects, continueToken: "" });
		upstream.listAnswers.push(head, () => ({ version: 80n, items: past, continueToken: "" }));
		await harness.start();
		expect(upstream.lists[1]?.exactVersion).toBe(80n);
		expect(upstream.watching.request.fromVersion).toBe(80n);
		expect(sink.loads).toEqual([]);
		upstream.watching.send("DELETED", rawNamed("b", { version: 90 }));
		upstream.watching.send("MODIFIED", labelled("a", 95, "new"));
		upstream.watching.send("ADDED", rawNamed("c", { version: 97 }));
		await harness.clock.advance(249);
		expect(sink.loads).toEqual([]);
		await harness.clock.advance(1);
		const [load] = sink.loads;
		expect(load).toMatchObject({ head: 100n, base: 80n });
		expect(load?.history.map(wordsOf)).toEqual(["DELETED b@90", "MODIFIED a@95", "ADDED c@97"]);
		expect(load?.history[1]?.previous?.labels).toEqual({ value: "old" });
		expect([...sink.objects.keys()].sort()).toEqual(["default/a", "default/c"]);
		expect(upstream.watches[0]?.left).toBe(true);
		expect(upstream.watching.request.fromVersion).toBe(100n);
	});

	test("knows in its history of one that came and went, after all else was as listed", async () => {
		harness = createReflectorHarness({ historyVersions: 20n });
		const { upstream, sink } = harness;
		upstream.state = { version: 100, objects: [labelled("a", 85, "new")] };
		const head = () => ({ version: 100n, items: upstream.state.objects, continueToken: "" });
		const past = [labelled("a", 60, "old")];
		upstream.listAnswers.push(head, () => ({ version: 80n, items: past, continueToken: "" }));
		await harness.start();
		upstream.watching.send("MODIFIED", labelled("a", 85, "new"));
		upstream.watching.send("ADDED", rawNamed("b", { version: 90 }));
		await harness.clock.advance(249);
		upstream.watching.send("DELETED", rawNamed("b", { version: 95 }));
		await harness.clock.advance(250);
		expect(sink.loads[0]?.history.map(wordsOf)).toEqual([
			"MODIFIED a@85",
			"ADDED b@90",
			"DELETED b@95",
		]);
		expect(sink.head).toBe(100n);
	});

	test("is at the head where none of the past is kept", async () => {
		const { upstream, sink } = await started({ historyVersions: 20n });
		expect(upstream.lists.map(({ exactVersion }) => exactVersion)).toEqual([
			undefined,
			...[80n, 90n, 95n, 98n, 99n],
		]);
		expect(sink.loads).toMatchObject([{ head: 100n, base: 100n }]);
	});

	test("is at the head where the past takes too long", async () => {
		harness = createReflectorHarness({ historyVersions: 20n, replayTimeoutMs: 5_000 });
		const { upstream, sink, clock } = harness;
		const head = () => ({
			version: 100n,
			items: [rawNamed("a", { version: 95 })],
			continueToken: "",
		});
		upstream.listAnswers.push(head, () => ({ version: 80n, items: [], continueToken: "" }));
		await harness.start();
		await clock.advance(5_000);
		expect(sink.loads).toMatchObject([{ head: 100n, base: 100n }]);
		expect(sink.objects.size).toBe(1);
	});

	test("is at the head where the watch of the past ends before it is complete", async () => {
		harness = createReflectorHarness({ historyVersions: 20n });
		const { upstream, sink } = harness;
		const items = [rawNamed("a", { version: 90 }), rawNamed("b", { version: 95 })];
		upstream.listAnswers.push(
			() => ({ version: 100n, items, continueToken: "" }),
			() => ({ version: 80n, items: [], continueToken: "" }),
		);
		await harness.start();
		upstream.watching.send("ADDED", rawNamed("a", { version: 90 }));
		upstream.watching.end();
		await harness.settle();
		expect(sink.loads).toMatchObject([{ head: 100n, base: 100n, history: [] }]);
		expect(sink.objects.size).toBe(2);
	});

	test("waits for an API server that is down, with growing waits", async () => {
		harness = createReflectorHarness({}, () => 0.999);
		const { upstream, sink, clock, observed } = harness;
		const down = () => {
			throw unreachable();
		};
		upstream.listAnswers.push(down, down, down);
		await harness.start();
		for (const [waitMs, lists] of [
			[99, 1],
			[1, 2],
			[199, 2],
			[1, 3],
			[400, 4],
		] as const) {
			await clock.advance(waitMs);
			expect(upstream.lists).toHaveLength(lists);
		}
		expect(sink.loads).toHaveLength(1);
		expect(observed.filter((word) => word === "troubled: unreachable")).toHaveLength(3);
		expect(observed).toContain("recovered");
	});

	test("under way fails with the reason it is closed for", async () => {
		harness = createReflectorHarness();
		harness.upstream.listAnswers.push(() => {
			throw unreachable();
		});
		const start = harness.reflector.start();
		await harness.close();
		await expect(start).rejects.toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
	});
});

describe("the watch", () => {
	test("brings changes with the states before them", async () => {
		const { upstream, sink } = await started();
		upstream.watching.send("ADDED", rawNamed("b", { version: 101 }));
		upstream.watching.send("MODIFIED", labelled("a", 102, "x"));
		upstream.watching.send("DELETED", rawNamed("b", { version: 103 }));
		await harness.settle();
		expect(sink.words).toEqual(["ADDED b@101", "MODIFIED a@102", "DELETED b@103"]);
		expect(sink.changes.at(-1)?.object.deleteTime).toBeDefined();
		expect(sink.changes.map(({ resumeVersion }) => resumeVersion)).toEqual([101n, 102n, 103n]);
	});

	test("bookmarks advance the version, and the next watch starts from there", async () => {
		const { upstream, sink, clock } = await started();
		upstream.watching.bookmark(140);
		await harness.settle();
		expect(sink.head).toBe(140n);
		await clock.advance(30_000);
		upstream.watching.end();
		await harness.settle();
		expect(upstream.watching.request.fromVersion).toBe(140n);
	});

	test("is asked to end after 30 to 60 s, at random, in whole seconds", async () => {
		const { upstream, clock } = await started(
			{},
			[],
			(() => {
				const values = [0, 0.5, 0.999];
				return () => values.shift() ?? 0;
			})(),
		);
		for (let round = 0; round < 2; round++) {
			await clock.advance(20_000);
			upstream.watching.end();
			await harness.settle();
		}
		const times = upstream.watches.map(({ request }) => request.timeoutMs);
		expect(times).toEqual([30_000, 45_000, 60_000]);
	});

	test("that ends well is proof of life, and is opened again at once", async () => {
		const { upstream, clock, reflector } = await started();
		await clock.advance(30_000);
		expect(reflector.freshness().lagMs).toBe(30_000);
		upstream.watching.end();
		await harness.settle();
		expect(reflector.freshness()).toEqual({ lagMs: 0, staleSinceMs: undefined });
		expect(upstream.watches).toHaveLength(2);
		expect(upstream.lists).toHaveLength(1);
	});

	test("that outlives its time is cut and resumed: a dead connection says nothing", async () => {
		const { upstream, clock, observed } = await started();
		upstream.watching.send("MODIFIED", labelled("a", 101, "x"));
		await clock.advance(39_999);
		expect(upstream.watches).toHaveLength(1);
		await clock.advance(1);
		expect(upstream.watches[0]?.left).toBe(true);
		expect(upstream.watching.request.fromVersion).toBe(101n);
		expect(observed).toContain("troubled: unreachable");
	});

	test("closed by the server every second works without a list", async () => {
		const { upstream, clock, sink } = await started();
		for (let round = 1; round <= 50; round++) {
			upstream.watching.send("MODIFIED", labelled("a", 100 + round, String(round)));
			await clock.advance(1_000);
			upstream.watching.end();
			await harness.settle();
		}
		expect(upstream.lists).toHaveLength(1);
		expect(sink.changes).toHaveLength(50);
	});

	test("closed by the server after each event goes on at once", async () => {
		const { upstream, clock, sink } = await started({}, [], () => 0.999);
		for (let round = 1; round <= 50; round++) {
			upstream.watching.send("MODIFIED", labelled("a", 100 + round, String(round)));
			upstream.watching.end();
			await harness.settle();
		}
		expect(clock.monotonicMs()).toBe(0);
		expect(sink.changes).toHaveLength(50);
	});

	test("that ends in haste, and wordless, does not spin", async () => {
		const { upstream, clock } = await started({}, [], () => 0.999);
		upstream.watching.end();
		await harness.settle();
		expect(upstream.watches).toHaveLength(1);
		await clock.advance(100);
		expect(upstream.watches).toHaveLength(2);
	});

	test("after a failure is short, so that its end proves soon that all is well", async () => {
		const { upstream, clock, observed } = await started();
		upstream.watching.fail(unreachable());
		await harness.settle();
		expect(upstream.watching.request.timeoutMs).toBe(5_000);
		await clock.advance(5_000);
		upstream.watching.end();
		await harness.settle();
		expect(observed.at(-2)).toBe("recovered");
		expect(upstream.watching.request.timeoutMs).toBe(30_000);
	});
});
