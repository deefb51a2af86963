import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { afterEach, expect, test } from "vitest";
import { Failure } from "../../../server/src/failure.ts";
import { createVersionWait } from "../../../server/src/watch/wait-until-fresh.ts";
import { createWaits } from "../../../server/src/watch/waits.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { createCountingObserver, createWukongLog } from "../../support/watching.ts";

const limits = { maxChanges: 100, maxAgeMs: 60_000, maxBytes: 1_000_000 };
const ref = { namespace: "default", name: "a" };

async function stage() {
	const clock = createFakeClock();
	const store = createMemoryStore(clock);
	const log = createWukongLog(limits, clock);
	const versions = createVersionWait({ log, feed: store, clock });
	const observer = createCountingObserver();
	store.put({ name: "a" });
	await store.start(log);
	const waits = createWaits({ log, versions, clock, observer });
	const seen: (string | undefined)[] = [];
	const { signal } = new AbortController();
	const query = {
		ref,
		judge: (object: Wukong | undefined): string | undefined => {
			seen.push(object?.labels.x ?? (object === undefined ? "gone" : ""));
			return object?.labels.x === "end" ? "ended" : undefined;
		},
		maxWaitMs: () => 10_000,
		minResourceVersion: "",
		caller: { signal },
	};
	return { clock, store, log, waits, seen, query, observer };
}

/** Waits that a test forgot would keep timers. */
const stages: Awaited<ReturnType<typeof stage>>[] = [];
const open = async () => {
	const made = await stage();
	stages.push(made);
	return made;
};
afterEach(() => {
	for (const { waits, clock } of stages.splice(0)) {
		expect(waits.open).toBe(0);
		expect(clock.pendingTimers).toBe(0);
	}
});

test("a wait is shown each state of its object, in order, and nothing of others", async () => {
	const { store, waits, seen, query, clock } = await open();
	const wait = waits.wait(query);
	await clock.advance(0);
	store.put({ name: "b", labels: { x: "end" } });
	store.put({ name: "a", labels: { x: "1" } });
	store.drop("a");
	store.put({ name: "a", labels: { x: "2" } });
	store.put({ name: "a", labels: { x: "end" } });
	store.put({ name: "a", labels: { x: "late" } });
	expect(await wait).toBe("ended");
	expect(seen).toEqual(["", "1", "gone", "2", "end"]);
});

test("a wait survives that the store starts over: it is shown what is there then", async () => {
	const { store, log, waits, seen, query, clock } = await open();
	const wait = waits.wait(query);
	await clock.advance(0);
	log.load({ objects: [], head: 5_000n, history: [], base: 5_000n });
	const object = { ...store.put({ name: "a" }), labels: { x: "end" } };
	log.load({ objects: [object], head: 6_000n, history: [], base: 6_000n });
	expect(await wait).toBe("ended");
	expect(seen.slice(0, 2)).toEqual(["", "gone"]);
});

test("a wait for a version judges nothing before it is here, and a change on the way is not lost", async () => {
	const { store, waits, seen, query, clock } = await open();
	store.hold();
	const { resourceVersion } = store.put({ name: "a", labels: { x: "end" } });
	const wait = waits.wait({ ...query, minResourceVersion: resourceVersion });
	await clock.advance(100);
	expect(seen).toEqual([]);
	expect(waits.open).toBe(1);
	store.release();
	expect(await wait).toBe("ended");
	expect(seen).toEqual(["end"]);
});

test("what the judge throws fails that wait alone, at a change, too", async () => {
	const { store, waits, query, clock } = await open();
	const fault = new Error("no");
	const failing = waits.wait({
		...query,
		judge(object) {
			if (object?.labels.x === "1") throw fault;
			return undefined;
		},
	});
	const other = waits.wait(query);
	failing.catch(() => {});
	await clock.advance(0);
	store.put({ name: "a", labels: { x: "1" } });
	store.put({ name: "a", labels: { x: "end" } });
	await expect(failing).rejects.toBe(fault);
	expect(await other).toBe("ended");
});

test("a guard ends a wait, at once too, and is let go in every case", async () => {
	const { store, waits, query, clock } = await open();
	const failure = new Failure(ErrorReason.PERMISSION_DENIED, "no longer");
	let held = 0;
	let end = (_: Failure) => {};
	const guard = {
		onEnd(callback: (failure: Failure) => void) {
			held++;
			end = callback;
			return () => void held--;
		},
	};
	const ended = waits.wait({ ...query, guard });
	await clock.advance(0);
	end(failure);
	await expect(ended).rejects.toBe(failure);
	const atOnce = {
		onEnd(callback: (failure: Failure) => void) {
			const release = guard.onEnd(callback);
			callback(failure);
			return release;
		},
	};
	await expect(waits.wait({ ...query, guard: atOnce })).rejects.toBe(failure);
	const reached = waits.wait({ ...query, guard });
	await clock.advance(0);
	store.put({ name: "a", labels: { x: "end" } });
	expect(await reached).toBe("ended");
	expect(held).toBe(0);
});

test("ten thousand waits cost a change of another object nothing", async () => {
	const { store, waits, query, clock, observer } = await open();
	const leaving = new AbortController();
	let judged = 0;
	const all = Array.from({ length: 10_000 }, (_, index) =>
		waits
			.wait({
				...query,
				ref: { namespace: "default", name: `vm-${index}` },
				judge() {
					judged++;
					return undefined;
				},
				caller: { signal: leaving.signal },
			})
			.catch((reason: unknown) => reason),
	);
	await clock.advance(0);
	expect(observer.open).toBe(10_000);
	judged = 0;
	for (let count = 0; count < 100; count++) store.put({ name: "a" });
	store.put({ name: "vm-7" });
	expect(judged).toBe(1);
	leaving.abort();
	await Promise.all(all);
	expect(observer.open).toBe(0);
});
