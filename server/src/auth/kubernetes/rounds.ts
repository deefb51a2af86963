import type { Clock, Timer } from "../../clock.ts";

/** When to ask anew after rights have changed. */
export interface Rounds {
	/** Rights have changed, or may have. */
	changed(): void;
	/** Answers of now may be from before the last change: the API server learns of it late. */
	readonly isUnsettled: boolean;
	stop(): void;
}

/** Times after a change at which is asked anew, in milliseconds: an API server's own cache lags. */
const afterMs = [1_000, 5_000];
/** Changes within this time are one, in milliseconds: a manifest has many. */
const mergeMs = 100;

/** Creates the rounds. @param run drops what is known, and asks anew */
export function createRounds(run: () => void, clock: Clock): Rounds {
	const timers = new Set<Timer>();
	let changedMs = Number.NEGATIVE_INFINITY;
	let isMerging = false;

	const later = (delayMs: number, callback: () => void) => {
		const timer = clock.setTimer(delayMs, () => {
			timers.delete(timer);
			callback();
		});
		timers.add(timer);
	};
	const begin = () => {
		changedMs = clock.monotonicMs();
		run();
		for (const ms of afterMs) later(ms, run);
	};
	return {
		changed() {
			const sinceMs = clock.monotonicMs() - changedMs;
			if (isMerging) return;
			if (sinceMs >= mergeMs) return begin();
			isMerging = true;
			later(mergeMs - sinceMs, () => {
				isMerging = false;
				begin();
			});
		},
		get isUnsettled() {
			return clock.monotonicMs() - changedMs < (afterMs.at(-1) as number);
		},
		stop() {
			for (const timer of timers) timer.cancel();
			timers.clear();
		},
	};
}
