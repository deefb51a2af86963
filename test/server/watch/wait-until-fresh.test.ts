import { expect, test } from "vitest";
import { createVersionWait } from "../../../server/src/watch/wait-until-fresh.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createWukongLog } from "../../support/watching.ts";

const { signal } = new AbortController();

/** A log at version 10, and a store that a test answers for. */
function stage() {
	const clock = createFakeClock();
	const limits = { maxChanges: 10, maxAgeMs: 1_000, maxBytes: 1_000 };
	const log = createWukongLog(limits, clock);
	log.load({ objects: [], head: 10n, history: [], base: 10n });
	const asked: (bigint | undefined)[] = [];
	const { promise, resolve, reject } = Promise.withResolvers<bigint>();
	const newestVersion = (_: AbortSignal, atLeast?: bigint) => {
		asked.push(atLeast);
		return promise;
	};
	const versions = createVersionWait({ log, feed: { newestVersion }, clock });
	return { clock, log, versions, asked, answer: resolve, refuse: reject };
}

test("what the log has is not asked for", async () => {
	const { versions, asked } = stage();
	await versions.reach("10", { signal });
	expect(asked).toEqual([]);
});

test("the store is asked once, for just that version", async () => {
	const { log, versions, asked, answer } = stage();
	const outcome = versions.meet({ kind: 0, version: 12n }, signal);
	answer(15n);
	log.advance(11n);
	log.advance(12n);
	expect(await outcome).toBe("here");
	expect(asked).toEqual([12n]);
});

test("the log is enough, however long the store takes to answer", async () => {
	const { clock, log, versions } = stage();
	const outcome = versions.meet({ kind: 0, version: 12n }, signal);
	log.advance(12n);
	expect(await outcome).toBe("here");
	expect(clock.pendingTimers).toBe(0);
});

test("what the store has never had is foreign", async () => {
	const { versions, answer } = stage();
	const outcome = versions.meet({ kind: 0, version: 12n }, signal);
	answer(11n);
	expect(await outcome).toBe("foreign");
});

test("a store that does not answer is waited for as long as the log is", async () => {
	const { clock, versions } = stage();
	const outcome = versions.meet({ kind: 0, version: 12n }, signal);
	await clock.advance(5_000);
	expect(await outcome).toBe("late");
});

test("a store that cannot be asked ends the wait with its own reason", async () => {
	const { clock, versions, refuse } = stage();
	const outcome = versions.meet({ kind: 0, version: 12n }, signal);
	refuse(new Error("cut"));
	await expect(outcome).rejects.toThrow("cut");
	expect(clock.pendingTimers).toBe(0);
});
