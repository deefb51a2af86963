import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { Failure } from "../../../server/src/failure.ts";
import { startOver } from "../../../server/src/resource/version.ts";
import { createStage, createStageOn, inShort, takeAll } from "../../support/watching.ts";

const tokenOf = (event: WukongEvent | undefined) => event?.resourceVersion ?? "none";

describe("the end of a stream", () => {
	const shutdown = new Failure(ErrorReason.SHUTTING_DOWN, "going", { retryAfterMs: 1 });

	test("is a last HEARTBEAT at its place, then the failure", async () => {
		const { store, watch, replica, observer } = await createStage();
		const stream = watch();
		const synced = takeAll(stream).at(-1);
		store.put({ name: "a" });
		replica.drain(shutdown);
		const events = stream.take(1);
		expect(inShort(events)).toEqual(["HEARTBEAT"]);
		expect(tokenOf(events[0])).toBe(tokenOf(synced));
		expect(() => stream.take(1)).toThrow(shutdown);
		expect(observer.open).toBe(0);
	});

	test("comes at once to a stream that opens after it", async () => {
		const { watch, replica } = await createStage();
		replica.drain(shutdown);
		const events = watch()[Symbol.asyncIterator]();
		expect(inShort([(await events.next()).value])).toEqual(["HEARTBEAT"]);
		await expect(events.next()).rejects.toBe(shutdown);
	});

	test("by its reader or its signal frees it at once", async () => {
		const { watch, observer, clock } = await createStage();
		const leaver = new AbortController();
		const stream = watch({ caller: leaver });
		const events = stream[Symbol.asyncIterator]();
		await events.next();
		const pending = events.next();
		leaver.abort(new Error("left"));
		await expect(pending).rejects.toThrow("left");
		const other = watch();
		expect(observer.open).toBe(1);
		other.close();
		other.close();
		expect(observer.open).toBe(0);
		expect(clock.pendingTimers).toBe(0);
	});
});

describe("a stream with a guard", () => {
	const expired = new Failure(ErrorReason.SHUTTING_DOWN, "the right ran out", {});
	const createGuard = () => {
		const callbacks = new Set<(failure: Failure) => void>();
		return {
			callbacks,
			end: () => [...callbacks].map((callback) => callback(expired)),
			onEnd(callback: (failure: Failure) => void) {
				callbacks.add(callback);
				return () => void callbacks.delete(callback);
			},
		};
	};

	test("ends from outside: a last HEARTBEAT at its place, then the guard's failure", async () => {
		const { store, watch, observer } = await createStage();
		const guard = createGuard();
		const stream = watch({ guard });
		const other = watch();
		const synced = takeAll(stream).at(-1);
		store.put({ name: "a" });
		let woken = 0;
		stream.take(1);
		stream.onReady({ ready: () => void woken++ });
		guard.end();
		expect(woken).toBe(1);
		const events = stream.take(1);
		expect(inShort(events)).toEqual(["HEARTBEAT"]);
		expect(tokenOf(events[0])).not.toBe(tokenOf(synced));
		expect(() => stream.take(1)).toThrow(expired);
		expect([observer.open, guard.callbacks.size]).toEqual([1, 0]);
		expect(inShort(takeAll(other))).toEqual(["SYNCED", "ADDED a"]);
	});

	test("that ends it as it opens, or while it waits for its version, ends in the same way", async () => {
		const { store, watch } = await createStage({ exactVersions: false });
		const atOnce = {
			onEnd(end: (failure: Failure) => void) {
				end(expired);
				return () => {};
			},
		};
		const guard = createGuard();
		store.hold();
		const { resourceVersion } = store.put({ name: "a" });
		const streams = [watch({ guard: atOnce }), watch({ guard, resourceVersion })];
		guard.end();
		for (const stream of streams) {
			expect(inShort(stream.take(1))).toEqual(["HEARTBEAT"]);
			expect(() => stream.take(1)).toThrow(expired);
		}
	});

	test("that its reader leaves takes its callback back, and a guard that ends it later is not heard", async () => {
		const { watch } = await createStage();
		const guard = createGuard();
		const stream = watch({ guard });
		const [late] = guard.callbacks;
		stream.close();
		late?.(expired);
		expect([guard.callbacks.size, stream.take(1)]).toEqual([0, []]);
	});
});

describe("streams", () => {
	test("over the limit are TOO_MANY_REQUESTS with a retry hint, until one leaves", async () => {
		const { watch } = await createStage({ maxStreams: 2 });
		const streams = [watch(), watch()];
		const failure = { reason: ErrorReason.TOO_MANY_REQUESTS, details: { retryAfterMs: 1_000 } };
		expect(() => watch()).toThrow(expect.objectContaining(failure));
		streams[0]?.close();
		expect(inShort(takeAll(watch()))).toEqual(["SYNCED"]);
	});

	test("whose caller has left before they open fail with the caller's reason", async () => {
		const { watch, observer, clock } = await createStage();
		const stream = watch({ caller: { signal: AbortSignal.abort(new Error("left")) } });
		await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow("left");
		expect([observer.open, clock.pendingTimers]).toEqual([0, 0]);
	});
});

describe("a version of a replica that is ahead", () => {
	test("that does not come in time is RESET", async () => {
		const { store, watch, clock, observer } = await createStage({ exactVersions: false });
		store.hold();
		const { resourceVersion } = store.put({ name: "a" });
		const stream = watch({ resourceVersion });
		takeAll(stream);
		await clock.advance(5_000);
		expect(inShort(takeAll(stream))).toEqual(["RESET", "SYNCED"]);
		expect(observer.resets).toEqual(["ahead"]);
		stream.close();
	});

	test("holds the stream back until this replica has it", async () => {
		const { store, watch, clock } = await createStage({ exactVersions: false });
		store.hold();
		store.put({ name: "a" });
		const token = store.put({ name: "b" }).resourceVersion;
		store.put({ name: "c" });
		const stream = watch({ resourceVersion: token });
		takeAll(stream);
		store.release();
		await clock.advance(0);
		expect(inShort(takeAll(stream))).toEqual(["ADDED c", "SYNCED"]);
		stream.close();
	});

	test.each(Array.from({ length: 8 }, (_, turns) => turns))(
		"is judged by what the log holds as the stream begins: nothing is lost, whenever it is evicted (%i)",
		async (turns) => {
			const limits = { maxChanges: 3 };
			const { store, watch, clock } = await createStage({ exactVersions: false, limits });
			store.hold();
			const { resourceVersion } = store.put({ name: "a" });
			const stream = watch({ resourceVersion });
			takeAll(stream);
			store.release();
			for (let turn = 0; turn < turns; turn++) await undefined;
			for (let cpu = 1; cpu <= 4; cpu++) store.put({ name: `b${cpu}` });
			await clock.advance(0);
			expect(inShort(takeAll(stream))[0]).toBe("RESET");
			stream.close();
		},
	);

	test("is answered at once with a HEARTBEAT at that very version, then each interval", async () => {
		const { store, watch, clock } = await createStage({ exactVersions: false });
		store.hold();
		const { resourceVersion } = store.put({ name: "a" });
		const stream = watch({ resourceVersion, heartbeatIntervalMs: 2_000 });
		const [first, ...more] = takeAll(stream);
		expect(inShort(first === undefined ? [] : [first])).toEqual(["HEARTBEAT"]);
		expect([tokenOf(first), more]).toEqual([resourceVersion, []]);
		await clock.advance(1_999);
		expect(takeAll(stream)).toEqual([]);
		await clock.advance(1);
		expect(inShort(takeAll(stream))).toEqual(["HEARTBEAT"]);
		stream.close();
	});

	test("wakes a reader that had nothing to read once it is here, and leaves no timer", async () => {
		const { store, watch, clock } = await createStage({ exactVersions: false });
		store.hold();
		const { resourceVersion } = store.put({ name: "a" });
		const events = watch({ resourceVersion })[Symbol.asyncIterator]();
		await events.next();
		const next = events.next();
		store.release();
		expect(inShort([(await next).value])).toEqual(["SYNCED"]);
		await events.return?.();
		expect(clock.pendingTimers).toBe(0);
	});

	test("for a snapshot, too: HEARTBEAT with the start-over token, then ADDED and SYNCED", async () => {
		const { store, watch, clock } = await createStage({ exactVersions: false });
		store.hold();
		const minResourceVersion = store.put({ name: "a" }).resourceVersion;
		const stream = watch({ minResourceVersion });
		expect(takeAll(stream).map(tokenOf)).toEqual([startOver]);
		store.release();
		await clock.advance(0);
		expect(inShort(takeAll(stream))).toEqual(["ADDED a", "SYNCED"]);
		stream.close();
	});
});

test("a HEARTBEAT before the RESET of a lost place still means that place", async () => {
	const { store, watch, clock } = await createStage({ limits: { maxChanges: 1 } });
	const { resourceVersion } = store.put({ name: "a" });
	for (const name of ["b", "c", "d"]) store.put({ name });
	const stream = watch({ resourceVersion });
	await clock.advance(15_000);
	const first = takeAll(stream).slice(0, 2);
	expect(inShort(first)).toEqual(["HEARTBEAT", "RESET"]);
	expect(first.map(tokenOf)).toEqual([resourceVersion, startOver]);
	stream.close();
});

test("a HEARTBEAT between a snapshot's last event and SYNCED still means start over", async () => {
	const { store, watch, clock } = await createStage();
	store.put({ name: "a" });
	const stream = watch();
	expect(inShort(stream.take(1))).toEqual(["ADDED a"]);
	await clock.advance(15_000);
	const [beat, synced] = takeAll(stream);
	expect([beat, synced].map(tokenOf)).toEqual([startOver, `${store.head}`]);
	stream.close();
});

describe("a watch that is refused says nothing before", () => {
	test("for a malformed version", async () => {
		const { watch, observer } = await createStage();
		const stream = watch({ minResourceVersion: "newest" });
		expect(stream.take(1)).toEqual([]);
		await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
			reason: ErrorReason.INVALID_REQUEST,
		});
		expect(observer.open).toBe(0);
	});

	test("for a store that is not loaded yet", async () => {
		const { clock, store } = await createStage();
		const { watch } = await createStageOn({ clock, store, loaded: false });
		const stream = watch();
		expect(stream.take(1)).toEqual([]);
		await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
			reason: ErrorReason.UPSTREAM_UNAVAILABLE,
			details: { retryAfterMs: 1_000 },
		});
	});
});
