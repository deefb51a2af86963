import type { Clock, Timer } from "./environment.ts";

/** The time between two tries, which news may cut short. */
export interface Pause {
	/**
	 * Resolves after `delayMs`, or when it is woken, but then not before `gap.leastMs` after
	 * `gap.sinceMs` of the wall clock. Resolves at once where the caller has left.
	 */
	wait(delayMs: number, gap?: Gap): Promise<void>;
	/** Resolves when it is woken. */
	forever(): Promise<void>;
	/** Cuts the wait short. */
	wake(): void;
	/** Lets go of the caller. */
	stop(): void;
}

/** The least time between two tries of which the second was woken for, in milliseconds. */
export interface Gap {
	readonly sinceMs: number;
	readonly leastMs: number;
}

export function createPause(clock: Clock, leaver: AbortSignal): Pause {
	let end: (() => void) | undefined;
	const wake = () => end?.();
	leaver.addEventListener("abort", wake);

	/** @returns true where it was woken */
	const sleep = (delayMs: number | undefined) =>
		new Promise<boolean>((resolve) => {
			if (leaver.aborted) return resolve(true);
			let timer: Timer | undefined;
			const finish = (wasWoken: boolean) => {
				end = undefined;
				timer?.cancel();
				resolve(wasWoken);
			};
			end = () => finish(true);
			if (delayMs !== undefined) timer = clock.setTimer(delayMs, () => finish(false));
		});

	return {
		async wait(delayMs, { sinceMs, leastMs } = { sinceMs: 0, leastMs: 0 }) {
			let isWoken = await sleep(delayMs);
			// A clock that was set back since must not make the gap longer.
			const leftMs = () => Math.min(leastMs, sinceMs + leastMs - clock.nowMs());
			while (isWoken && !leaver.aborted && leftMs() > 0) isWoken = await sleep(leftMs());
		},
		async forever() {
			await sleep(undefined);
		},
		wake,
		stop: () => leaver.removeEventListener("abort", wake),
	};
}
