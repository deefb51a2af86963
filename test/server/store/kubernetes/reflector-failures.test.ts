import { afterEach, describe, expect, test } from "vitest";
import type { Unstructured } from "../../../../server/src/store/kubernetes/unstructured.ts";
import { rawNamed } from "./raw.ts";
import {
	createReflectorHarness,
	labelled,
	type ReflectorHarness,
	startReflector,
} from "./reflector-harness.ts";
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

describe("what cannot be read is never skipped", () => {
	const line = (object: Unstructured, type = "MODIFIED") => `${JSON.stringify({ type, object })}\n`;

	test.each([
		["a broken line", `{"type":"MODIFIED","obj${line(labelled("a", 102, "lost"))}`],
		[
			"two objects in a line",
			line(labelled("a", 102, "x")).replace("\n", line(labelled("a", 103, "y"))),
		],
		["an event of an unknown type", line(labelled("a", 102, "x"), "PATCHED")],
		["an object without version", `{"type":"MODIFIED","object":{"metadata":{"name":"a"}}}\n`],
		["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0x0a])],
	])("%s ends the watch, which resumes from the last good version", async (_, bytes) => {
		const { upstream, sink } = await started();
		upstream.watching.send("MODIFIED", labelled("a", 101, "good"));
		upstream.watching.bytes(bytes);
		upstream.watching.send("MODIFIED", labelled("a", 104, "behind it"));
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@101"]);
		expect(upstream.watches).toHaveLength(2);
		expect(upstream.watching.request.fromVersion).toBe(101n);
		expect(upstream.lists).toHaveLength(1);
	});

	test("a reset in mid-event resumes from the last good version", async () => {
		const { upstream, sink } = await started();
		upstream.watching.send("MODIFIED", labelled("a", 101, "x"));
		upstream.watching.bytes(line(labelled("a", 102, "y")).slice(0, 40));
		await harness.settle();
		upstream.watching.end();
		await harness.settle();
		expect(upstream.watching.request.fromVersion).toBe(101n);
		upstream.watching.send("MODIFIED", labelled("a", 102, "y"));
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@101", "MODIFIED a@102"]);
	});

	test("UTF-8 that is split over chunks is fine", async () => {
		const { upstream, sink } = await started();
		const raw = rawNamed("a", { version: 101, metadata: { annotations: { note: "悟空" } } });
		for (const byte of Buffer.from(line(raw))) upstream.watching.bytes(Uint8Array.of(byte));
		await harness.settle();
		expect(sink.objects.get("default/a")?.annotations).toEqual({ note: "悟空" });
		expect(upstream.watches).toHaveLength(1);
	});

	test("a line over the limit is passed with a list", async () => {
		const { upstream, sink } = await started({ maxLineBytes: 2_000 });
		upstream.state = { version: 105, objects: [labelled("a", 103, "listed")] };
		upstream.watching.bytes("x".repeat(2_001));
		await harness.settle();
		expect(sink.words).toEqual(["MODIFIED a@105"]);
		expect(upstream.lists).toHaveLength(2);
		expect(upstream.watching.request.fromVersion).toBe(105n);
	});

	test("a watch that breaks three times at one version is passed with a list", async () => {
		const { upstream, observed } = await started();
		for (let round = 0; round < 3; round++) {
			expect(upstream.lists).toHaveLength(1);
			upstream.watching.bytes("{]\n");
			await harness.settle();
		}
		expect(observed).toContain("listed: unreadable");
		expect(upstream.lists).toHaveLength(2);
	});
});

describe("failures", () => {
	test("429 waits as long as was asked, plus jitter, and reads no list", async () => {
		const { upstream, clock } = await started({}, [], () => 0.5);
		upstream.watchAnswers.push(() => {
			throw refused(429, 7_000);
		});
		upstream.watching.fail(refused(429, 7_000));
		await clock.advance(7_049);
		expect(upstream.watches).toHaveLength(1);
		await clock.advance(1);
		await clock.advance(7_099);
		expect(upstream.watches).toHaveLength(1);
		await clock.advance(1);
		expect(upstream.watches).toHaveLength(2);
		expect(upstream.lists).toHaveLength(1);
	});

	test("an ERROR event of 500 backs off and resumes, without a list", async () => {
		const { upstream, clock, observed } = await started({}, [], () => 0.999);
		upstream.watching.send("ERROR", { code: 500, message: "no" });
		await harness.settle();
		expect(upstream.watches).toHaveLength(1);
		await clock.advance(100);
		expect(upstream.watches).toHaveLength(2);
		expect(upstream.lists).toHaveLength(1);
		expect(observed).toContain("troubled: failing");
	});

	test("the waits start over after a healthy minute", async () => {
		const { upstream, clock } = await started({}, [], () => 0.999);
		const failAfter = async (ms: number) => {
			await clock.advance(ms);
			const before = upstream.watches.length;
			upstream.watching.fail(unreachable());
			let waitedMs = 0;
			for (; upstream.watches.length === before; waitedMs += 100) await clock.advance(100);
			return waitedMs;
		};
		expect(await failAfter(0)).toBe(100);
		expect(await failAfter(1)).toBe(200);
		expect(await failAfter(1)).toBe(400);
		upstream.watching.bookmark(101);
		upstream.state = { version: 101, objects: [] };
		for (const ms of [5_000, 30_000, 30_000]) {
			await clock.advance(ms);
			upstream.watching.end();
			await harness.settle();
		}
		expect(await failAfter(1)).toBe(100);
	});

	test("a resource that is not installed is said so, and served once it is", async () => {
		harness = createReflectorHarness();
		const { upstream, observed, sink } = harness;
		upstream.listAnswers.push(() => {
			throw refused(404);
		});
		await harness.start();
		expect(observed[0]).toBe("troubled: not-installed");
		expect(sink.loads).toHaveLength(1);
	});

	test.each([
		[401, "unauthorized"],
		[403, "forbidden"],
		[503, "failing"],
	])("%i is told as %s", async (code, trouble) => {
		harness = createReflectorHarness();
		harness.upstream.listAnswers.push(() => {
			throw refused(code);
		});
		await harness.start();
		expect(harness.observed[0]).toBe(`troubled: ${trouble}`);
	});
});

describe("freshness", () => {
	test("lag counts from the last proof, and silence of 75 s is stale since then", async () => {
		const { clock, reflector, upstream } = await started({ stallGraceMs: 1_000_000 });
		const startMs = clock.nowMs();
		await clock.advance(75_000);
		expect(reflector.freshness()).toEqual({ lagMs: 75_000, staleSinceMs: undefined });
		await clock.advance(1);
		expect(reflector.freshness()).toEqual({ lagMs: 75_001, staleSinceMs: startMs });
		upstream.watching.bookmark(101);
		await harness.settle();
		expect(reflector.freshness()).toEqual({ lagMs: 0, staleSinceMs: undefined });
	});

	test("a cluster that is watched again can be reached: nobody is told otherwise until the next event", async () => {
		const { clock, reflector, upstream } = await started({}, [], () => 0.5);
		const trouble = () => reflector.freshness().trouble;
		upstream.watchAnswers.push(() => {
			throw unreachable();
		});
		upstream.watching.fail(unreachable());
		await harness.settle();
		expect(trouble()).toBe("the cluster cannot be reached");
		await clock.advance(1_000);
		expect(upstream.watching.left).toBe(false);
		expect(trouble()).toBeUndefined();
	});

	test("a cluster whose watches open and make no sense is failing until something does", async () => {
		const { clock, reflector, upstream } = await started({}, [], () => 0.5);
		upstream.watching.bytes("{]\n");
		await clock.advance(1_000);
		expect(upstream.watching.left).toBe(false);
		expect(reflector.freshness().trouble).toContain("makes no sense");
		upstream.watching.bookmark(101);
		await harness.settle();
		expect(reflector.freshness().trouble).toBeUndefined();
	});

	test("a failure of more than 10 s is stale, too", async () => {
		const { clock, reflector, upstream } = await started({}, [], () => 0.5);
		for (let round = 0; round < 50; round++) {
			upstream.watchAnswers.push(() => {
				throw unreachable();
			});
		}
		const startMs = clock.nowMs();
		upstream.watching.fail(unreachable());
		await clock.advance(10_000);
		expect(reflector.freshness().staleSinceMs).toBeUndefined();
		await clock.advance(1_000);
		expect(reflector.freshness().staleSinceMs).toBe(startMs);
	});
});
