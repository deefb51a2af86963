import { afterEach, describe, expect, test } from "vitest";
import { UpstreamError } from "../../../../server/src/store/kubernetes/upstream-error.ts";
import { rawNamed } from "./raw.ts";
import { labelled, type ReflectorHarness, startReflector } from "./reflector-harness.ts";
import { refused, unreachable } from "./scripted-upstream.ts";

let harness: ReflectorHarness;
afterEach(async () => {
	await harness.close();
	expect(harness.clock.pendingTimers).toBe(0);
});

async function started(...options: Parameters<typeof startReflector>) {
	harness = await startReflector(...options);
	return harness;
}

describe("410", () => {
	const missed = [
		rawNamed("b", { version: 103 }),
		rawNamed("a", { version: 104, uid: "another" }),
		labelled("d", 105, "new"),
	];
	const before = [
		rawNamed("a", { version: 90 }),
		rawNamed("c", { version: 91 }),
		rawNamed("d", { version: 92 }),
	];
	const expected = [
		"DELETED c@110",
		"ADDED b@110",
		"DELETED a@110",
		"ADDED a@110",
		"MODIFIED d@110",
	];

	test.each([
		[
			"as an ERROR event",
			(h: ReflectorHarness) => h.upstream.watching.send("ERROR", { code: 410 }),
		],
		["as a status", (h: ReflectorHarness) => h.upstream.watching.fail(refused(410))],
	])("%s is one list with an exact diff, keyed by uid", async (_, expire) => {
		const { upstream, sink } = await started({}, before);
		upstream.state = { version: 110, objects: missed };
		expire(harness);
		await harness.settle();
		expect(sink.words).toEqual(expected);
		expect(sink.loads).toHaveLength(1);
		expect(upstream.lists).toHaveLength(2);
		expect(upstream.watching.request.fromVersion).toBe(110n);
		expect(sink.changes.find(({ object }) => object.name === "c")?.object.deleteTime).toBeDefined();
	});

	test("a diff's changes are resumed from before the gap, only the last from the list", async () => {
		const { upstream, sink } = await started({}, before);
		upstream.state = { version: 110, objects: missed };
		upstream.watching.send("ERROR", { code: 410 });
		await harness.settle();
		const resumes = sink.changes.map(({ resumeVersion }) => resumeVersion);
		expect(resumes).toEqual([100n, 100n, 100n, 100n, 110n]);
	});

	test("in the third page starts the list over, and nothing of the first is used", async () => {
		const { upstream, sink } = await started({}, before);
		const page = (name: string, token: string) => () => ({
			version: 108n,
			items: [rawNamed(name, { version: 107 })],
			continueToken: token,
		});
		upstream.state = { version: 110, objects: missed };
		upstream.listAnswers.push(page("x", "t1"), page("y", "t2"), () => {
			throw refused(410);
		});
		upstream.watching.send("ERROR", { code: 410 });
		await harness.settle();
		expect(sink.words).toEqual(expected);
	});

	test("again and again waits longer each time", async () => {
		const { upstream, clock } = await started({}, before, () => 0.999);
		for (let round = 0; round < 8; round++) {
			upstream.watching.send("ERROR", { code: 410 });
			await clock.advance(30_000);
		}
		expect(upstream.lists.length).toBe(9);
		upstream.watching.send("ERROR", { code: 410 });
		await clock.advance(5_000);
		expect(upstream.lists.length).toBe(9);
	});

	test("where nothing was missed changes nothing but the version", async () => {
		const { upstream, sink } = await started({}, before);
		upstream.state = { version: 110, objects: before };
		upstream.watching.send("ERROR", { code: 410 });
		await harness.settle();
		expect(sink.words).toEqual([]);
		expect(sink.head).toBe(110n);
	});
});

describe("older data after a switch is never shown", () => {
	test("events that are older than the picture are passed over", async () => {
		const { upstream, sink } = await started();
		upstream.watching.send("MODIFIED", labelled("a", 105, "new"));
		upstream.watching.send("MODIFIED", labelled("a", 103, "old"));
		upstream.watching.send("DELETED", rawNamed("a", { version: 104 }));
		upstream.watching.bookmark(102);
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@105"]);
		expect(sink.head).toBe(105n);
	});

	test("a list that is older is asked for again", async () => {
		const { upstream, sink } = await started();
		const older = () => ({ version: 50n, items: [], continueToken: "" });
		upstream.listAnswers.push(older, older);
		upstream.state = { version: 107, objects: [labelled("a", 106, "new")] };
		upstream.watching.send("ERROR", { code: 410 });
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@107"]);
		expect(sink.loads).toHaveLength(1);
	});

	test("three older lists in a row mean a restored store: another life begins", async () => {
		const { upstream, sink } = await started();
		upstream.state = { version: 50, objects: [rawNamed("old", { version: 40 })] };
		upstream.watching.send("ERROR", { code: 410 });
		await harness.settle();
		expect(sink.loads).toHaveLength(2);
		expect(sink.loads[1]).toMatchObject({ head: 50n, base: 50n });
		expect([...sink.objects.keys()]).toEqual(["default/old"]);
		expect(upstream.watching.request.fromVersion).toBe(50n);
	});

	test("a restored store gives a version out a second time: what it has is taken, not what is known", async () => {
		const { upstream, sink } = await started({}, [labelled("a", 90, "of before")]);
		upstream.state = { version: 95, objects: [labelled("a", 90, "of another life")] };
		upstream.watching.send("ERROR", { code: 410 });
		await harness.settle();
		expect(sink.objects.get("default/a")?.labels).toEqual({ value: "of another life" });
	});

	test("a store that was restored while it was away is found out before it is watched", async () => {
		const { upstream, sink } = await started();
		upstream.watching.send("MODIFIED", labelled("a", 140, "lost by the restore"));
		await harness.settle();
		upstream.state = { version: 130, objects: [labelled("a", 90, "restored")] };
		upstream.watching.fail(unreachable());
		await harness.settle();
		expect(upstream.watches).toHaveLength(2);
		expect(upstream.watching.request.fromVersion).toBe(130n);
		expect(sink.loads).toHaveLength(2);
		expect(sink.objects.get("default/a")?.labels).toEqual({ value: "restored" });
	});

	test("a restored store is found out though its watch is silent, with one call a minute", async () => {
		const { upstream, sink, clock } = await started({ minWatchMs: 10_000 });
		for (let round = 0; round < 5; round++) {
			await clock.advance(10_000);
			upstream.watching.end();
			await harness.settle();
		}
		expect(upstream.lists).toHaveLength(1);
		expect(upstream.versionChecks).toBe(0);
		upstream.state = { version: 50, objects: [] };
		await clock.advance(10_000);
		upstream.watching.end();
		await harness.settle();
		expect(sink.loads).toHaveLength(2);
		expect(sink.head).toBe(50n);
	});
});

describe("refresh by a watch of its own", () => {
	test("brings a quiet kind to a version by the bookmark, and leaves no gap (rule of resuming elsewhere)", async () => {
		const { upstream, clock, reflector, sink } = await started();
		upstream.state = { version: 130, objects: [rawNamed("a", { version: 90 })] };
		reflector.refresh(125n);
		await clock.advance(250);
		expect(upstream.watches).toHaveLength(2);
		const { fromVersion, timeoutMs } = upstream.watching.request;
		// The API server sends its bookmark 2 s before the end.
		expect([fromVersion, timeoutMs]).toEqual([100n, 4_000]);
		await clock.advance(2_000);
		upstream.watching.bookmark(130);
		await harness.settle();
		expect(sink.head).toBe(130n);
		expect(sink.gaps).toEqual([]);
		expect(upstream.watching.left).toBe(true);
		expect(upstream.lists).toHaveLength(1);
	});

	test("takes each event once, whichever watch brings it first", async () => {
		const { upstream, clock, reflector, sink } = await started();
		const { watching: long } = upstream;
		reflector.refresh(125n);
		await clock.advance(250);
		const { watching: short } = upstream;
		for (const watch of [long, short, long]) {
			watch.send("MODIFIED", labelled("a", 110, "x"));
			await harness.settle();
		}
		short.send("MODIFIED", labelled("a", 120, "y"));
		short.bookmark(126);
		await harness.settle();
		long.send("MODIFIED", labelled("a", 120, "y"));
		long.send("MODIFIED", labelled("a", 127, "z"));
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@110", "MODIFIED a@120", "MODIFIED a@127"]);
	});

	test("is one for all who wait", async () => {
		const { upstream, clock, reflector } = await started();
		for (let round = 0; round < 10; round++) reflector.refresh(125n + BigInt(round % 2));
		await clock.advance(250);
		for (let round = 0; round < 10; round++) reflector.refresh(125n);
		await clock.advance(2_000);
		expect(upstream.watches).toHaveLength(2);
	});

	test("is followed by a list where no bookmark comes, early enough for who waits five seconds", async () => {
		const { upstream, clock, reflector, sink } = await started();
		upstream.state = { version: 130, objects: [labelled("a", 120, "x")] };
		reflector.refresh(125n);
		await clock.advance(3_249);
		expect(upstream.lists).toHaveLength(1);
		await clock.advance(1);
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@130"]);
		expect(sink.gaps).toEqual([100n]);
	});
});

describe("refresh where no further watch is opened", () => {
	/** Lets the next watches be refused, but not the one that is open. */
	const refuseWatches = ({ upstream }: ReflectorHarness, count = 1) => {
		for (let refusal = 0; refusal < count; refusal++) {
			upstream.watchAnswers.push(() => {
				throw refused(429);
			});
		}
	};

	test("brings a version that the store has reached, without a bookmark", async () => {
		const { upstream, clock, reflector, sink } = await started();
		refuseWatches(harness, 2);
		upstream.state = { version: 130, objects: [labelled("a", 120, "x")] };
		reflector.refresh(125n);
		await clock.advance(250);
		expect(sink.words).toEqual(["MODIFIED a@130"]);
		upstream.watching.send("MODIFIED", labelled("a", 120, "x"));
		upstream.watching.send("MODIFIED", labelled("a", 131, "y"));
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@130", "MODIFIED a@131"]);
	});

	test("reads no list where the watch brings the version in time", async () => {
		const { upstream, clock, reflector } = await started();
		refuseWatches(harness, 2);
		reflector.refresh(101n);
		upstream.watching.send("MODIFIED", labelled("a", 101, "x"));
		await clock.advance(250);
		expect(upstream.lists).toHaveLength(1);
	});

	test("reads one list, however many ask", async () => {
		const { upstream, clock, reflector } = await started();
		refuseWatches(harness, 2);
		upstream.state = { version: 130, objects: [] };
		for (let round = 0; round < 10; round++) reflector.refresh(125n);
		await clock.advance(250);
		expect(upstream.lists).toHaveLength(2);
	});

	test("gives the watch its time for each version: no list is read early for one that was asked for late", async () => {
		const { upstream, clock, reflector } = await started();
		refuseWatches(harness, 2);
		upstream.state = { version: 130, objects: [labelled("a", 130, "z")] };
		reflector.refresh(101n);
		upstream.watching.send("MODIFIED", labelled("a", 101, "x"));
		await clock.advance(249);
		reflector.refresh(125n);
		await clock.advance(249);
		expect(upstream.lists).toHaveLength(1);
		upstream.watching.send("MODIFIED", labelled("a", 125, "y"));
		await clock.advance(1);
		expect(upstream.lists).toHaveLength(1);
		reflector.refresh(130n);
		await clock.advance(250);
		expect(upstream.lists).toHaveLength(2);
	});

	test("brings also what was asked for while a list was read", async () => {
		const { upstream, clock, reflector, sink } = await started();
		refuseWatches(harness, 2);
		upstream.listAnswers.push(() => {
			reflector.refresh(140n);
			return { version: 130n, items: [labelled("a", 120, "x")], continueToken: "" };
		});
		upstream.state = { version: 150, objects: [labelled("a", 145, "y")] };
		reflector.refresh(125n);
		await clock.advance(500);
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@130", "MODIFIED a@150"]);
	});

	test("is dropped where the watch was faster than the list", async () => {
		const { upstream, clock, reflector, sink } = await started();
		refuseWatches(harness, 2);
		upstream.listAnswers.push(() => {
			upstream.watching.send("ADDED", rawNamed("b", { version: 140 }));
			return { version: 130n, items: [rawNamed("a", { version: 90 })], continueToken: "" };
		});
		reflector.refresh(125n);
		await clock.advance(250);
		await harness.settle();
		expect(sink.words).toEqual(["ADDED b@140"]);
	});

	test("that fails leaves the watch alone", async () => {
		const { upstream, clock, reflector, sink } = await started();
		refuseWatches(harness, 2);
		upstream.listAnswers.push(() => {
			throw new UpstreamError({ kind: "lost" }, "no answer");
		});
		reflector.refresh(125n);
		await clock.advance(250);
		upstream.watching.send("MODIFIED", labelled("a", 126, "x"));
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@126"]);
	});
});
