import { expect, test } from "vitest";
import type { ApiObject } from "../../../server/src/resource/object.ts";
import type { Change } from "../../../server/src/store/change-feed.ts";
import { createPacer, type Pacing } from "../../../server/src/watch/pacing.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createCountingObserver } from "../../support/watching.ts";

const intervalMs = 3_000;

/** A pacer whose timers a test can hold up, as a busy event loop does. */
function createStage() {
	const clock = createFakeClock();
	let lateMs = 0;
	let looks = 0;
	const pacing: Pacing<ApiObject> = {
		intervalMs: () => intervalMs,
		get maxIntervalMs() {
			if (++looks > 10_000) throw new Error("it goes round and round");
			return intervalMs;
		},
		mergeAfterMs: 10_000,
	};
	const released: ApiObject[] = [];
	const pacer = createPacer({
		pacing,
		clock: { ...clock, monotonicMs: () => clock.monotonicMs() + lateMs },
		observer: createCountingObserver(),
		onRelease: (object) => void released.push(object),
		onReleased() {},
	});
	let version = 0n;
	const states = new Map<string, ApiObject>();
	/** @returns whether the change is told now */
	const change = (name: string): boolean => {
		version++;
		const previous = states.get(name);
		const object = {
			...{ namespace: "default", name, uid: name, labels: {}, resourceVersion: `${version}` },
		};
		states.set(name, object);
		const one: Change<ApiObject> = {
			...{ version, resumeVersion: version, timeMs: 0, object, previous, deleted: false },
		};
		return pacer.isToldNow(one);
	};
	return {
		clock,
		pacer,
		released,
		change,
		holdUpTimers(ms: number) {
			lateMs = ms;
		},
	};
}

test("changes that come while the timer of a release is late are taken, and the release follows", async () => {
	const { clock, released, change, holdUpTimers } = createStage();
	for (const name of ["a", "b"]) expect(change(name)).toBe(true);
	for (const name of ["a", "b"]) expect(change(name)).toBe(false);
	holdUpTimers(intervalMs);
	for (let count = 0; count < 3; count++) change("c");
	expect(released).toEqual([]);
	await clock.advance(intervalMs);
	expect(new Set(released.map(({ name }) => name))).toEqual(new Set(["a", "b", "c"]));
	expect(change("a")).toBe(false);
});

test("changes that come after the end are taken, whatever is still withheld", () => {
	const { pacer, change, holdUpTimers } = createStage();
	change("a");
	expect(change("a")).toBe(false);
	pacer.close();
	holdUpTimers(10 * intervalMs);
	expect(change("a")).toBe(true);
	change("b");
	change("a");
});
