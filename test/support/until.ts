import type { FakeClock } from "./fake-clock.ts";

/** Turns of the loop in which each is looked at; behind them a look each millisecond is enough. */
const eagerTurns = 500;

/**
 * Waits until `condition` holds, looking once per turn of the event loop. A wait that lasts leaves the
 * processor to those who are waited for: they may be other processes, on a machine of two cores.
 * @param ceilingMs generous, because it only bounds a failing test; default 60 s.
 * @throws naming `what` where the condition never held.
 */
export async function until(
	what: string,
	condition: () => boolean,
	ceilingMs = 60_000,
): Promise<void> {
	const endMs = performance.now() + ceilingMs;
	for (let turn = 0; !condition(); turn++) {
		if (performance.now() > endMs) throw new Error(`gave up waiting until ${what}`);
		await new Promise<void>((resolve) => {
			if (turn < eagerTurns) setImmediate(resolve);
			else setTimeout(resolve, 1);
		});
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
