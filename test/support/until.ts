import type { FakeClock } from "./fake-clock.ts";

/**
 * Waits until `condition` holds, looking once per turn of the event loop.
 * @param ceilingMs generous, because it only bounds a failing test; default 60 s.
 * @throws naming `what` where the condition never held.
 */
export async function until(
	what: string,
	condition: () => boolean,
	ceilingMs = 60_000,
): Promise<void> {
	const endMs = performance.now() + ceilingMs;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`gave up waiting until ${what}`);
		await new Promise((resolve) => setImmediate(resolve));
	}
}

/**
 * Waits as {@link until} does, while the clock of a fake operator goes on by 100 ms each turn; when it
 * resolves, the clock stands still.
 */
export async function untilMoving(
	clock: FakeClock,
	what: string,
	condition: () => boolean,
): Promise<void> {
	let moving = Promise.resolve();
	await until(what, () => {
		moving = moving.then(() => clock.advance(100));
		return condition();
	});
	await moving;
}
