import type { Clock } from "./environment.ts";

/** The time between two tries, which news may cut short. */
export interface Pause {
	/**
	 * Resolves after `delayMs`, or when it is woken, but then not before `leastMs` after `sinceMs` of
	 * the wall clock.
	 */
	wait(delayMs: number, sinceMs?: number, leastMs?: number): Promise<void>;
	/** Cuts the wait short. */
	wake(): void;
	/** Ends the wait, and all that come, at once. */
	stop(): void;
}

export function createPause(clock: Clock): Pause {
	let isOver = false;
	let wake = () => {};
	/** @returns true where it was woken */
	const sleep = (delayMs: number) =>
		new Promise<boolean>((resolve) => {
			const timer = clock.setTimer(delayMs, () => resolve(false));
			wake = () => {
				timer.cancel();
				resolve(true);
			};
		});

	return {
		async wait(delayMs, sinceMs = 0, leastMs = 0) {
			let leftMs = delayMs;
			while (!isOver && (await sleep(leftMs))) {
				// A clock that was set back since must not make the wait longer.
				leftMs = Math.min(leastMs, sinceMs + leastMs - clock.nowMs());
				if (leftMs <= 0) return;
			}
		},
		wake: () => wake(),
		stop() {
			isOver = true;
			wake();
		},
	};
}
