import { expect, test } from "vitest";
import { createVersionClock } from "../../../../server/src/store/embedded/version-clock.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";

test("versions are microseconds since 1970 and rise within one millisecond", () => {
	const versions = createVersionClock(0n, createFakeClock(1_000));
	expect([versions.next(), versions.next(), versions.next()]).toEqual([
		1_000_000n,
		1_000_001n,
		1_000_002n,
	]);
});

test("versions go on rising when the wall clock is set back", () => {
	const clock = createFakeClock();
	const versions = createVersionClock(0n, clock);
	const before = versions.next();
	clock.stepWallClock(-3_600_000);
	expect(versions.next()).toBe(before + 1n);
});

test("versions begin above the head, whatever the clock says", () => {
	const versions = createVersionClock(2n ** 60n, createFakeClock(1_000));
	expect(versions.next()).toBe(2n ** 60n + 1n);
});
