import type { Clock, Timer } from "../clock.ts";

/** What has a heartbeat. */
export interface Beating {
	/** Its interval is over. */
	beat(): void;
}

/**
 * The heartbeats of one interval. They share a timer, because they fall due in the order in which
 * they were begun.
 */
export interface Heartbeats {
	/** Starts the interval of `one`, which is not under way. */
	begin(one: Beating): void;
	/** Breaks it off, without a word. */
	stop(one: Beating): void;
}

/**
 * @returns the heartbeats of an interval in milliseconds; all that have the same share one timer,
 * which is set while one of them is under way
 */
export function createHeartbeats(clock: Clock): (intervalMs: number) => Heartbeats {
	const known = new Map<number, Heartbeats>();
	return (intervalMs) => {
		let beats = known.get(intervalMs);
		if (beats === undefined) {
			beats = createInterval(clock, { intervalMs, onIdle: () => known.delete(intervalMs) });
			known.set(intervalMs, beats);
		}
		return beats;
	};
}

/** A timer may fire so much early, by the fractions of the monotonic clock. */
const earlyMs = 1;

function createInterval(
	clock: Clock,
	{ intervalMs, onIdle }: { readonly intervalMs: number; readonly onIdle: () => void },
): Heartbeats {
	/** When each falls due, the first one first. */
	const dueMs = new Map<Beating, number>();
	let timer: Timer | undefined;

	const fire = () => {
		const nowMs = clock.monotonicMs();
		const fallen: Beating[] = [];
		timer = undefined;
		for (const [one, oneDueMs] of dueMs) {
			if (oneDueMs >= nowMs + earlyMs) {
				timer = clock.setTimer(oneDueMs - nowMs, fire);
				break;
			}
			fallen.push(one);
		}
		for (const one of fallen) dueMs.delete(one);
		for (const one of fallen) one.beat();
	};
	return {
		begin(one) {
			dueMs.set(one, clock.monotonicMs() + intervalMs);
			timer ??= clock.setTimer(intervalMs, fire);
		},
		stop(one) {
			dueMs.delete(one);
			if (dueMs.size > 0) return;
			timer?.cancel();
			timer = undefined;
			onIdle();
		},
	};
}
