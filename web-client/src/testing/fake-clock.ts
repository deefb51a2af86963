import type { Clock, Timer } from "../live/environment.ts";

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
	/** Milliseconds since the start; never steps. */
	monotonicMs(): number;
	/**
	 * Moves both times on by `ms`, stopping at each due timer on the way, earliest first (at
	 * one time: first set, first fired). After each timer, and at the end, all microtasks and
	 * ready callbacks of the event loop run. Timers set on the way fire too where they are due.
	 */
	advance(ms: number): Promise<void>;
	/** Sets the wall clock forth or back by `ms`, as an administrator would; no timer fires. */
	stepWallClock(ms: number): void;
	/** Timers that are set and have neither fired nor been cancelled. */
	readonly pendingTimers: number;
	/** Delays of all timers that were ever set, in their order. */
	readonly delaysMs: readonly number[];
}

interface FakeTimer {
	readonly dueMs: number;
	readonly callback: () => void;
}

/** @param startMs wall-clock time at the start; default 2026-01-01T00:00:00Z. */
export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
	const timers = new Set<FakeTimer>();
	const delaysMs: number[] = [];
	let wallOffsetMs = startMs;
	let monotonicMs = 0;

	const nextDue = (limitMs: number): FakeTimer | undefined => {
		let first: FakeTimer | undefined;
		for (const timer of timers) {
			if (timer.dueMs <= limitMs && (first === undefined || timer.dueMs < first.dueMs)) {
				first = timer;
			}
		}
		return first;
	};

	return {
		nowMs: () => wallOffsetMs + monotonicMs,
		monotonicMs: () => monotonicMs,
		delaysMs,
		setTimer(delayMs, callback): Timer {
			const timer = { dueMs: monotonicMs + Math.max(0, delayMs), callback };
			timers.add(timer);
			delaysMs.push(delayMs);
			return { cancel: () => void timers.delete(timer) };
		},
		async advance(ms) {
			const endMs = monotonicMs + ms;
			await settle();
			for (let timer = nextDue(endMs); timer !== undefined; timer = nextDue(endMs)) {
				timers.delete(timer);
				monotonicMs = Math.max(monotonicMs, timer.dueMs);
				timer.callback();
				await settle();
			}
			monotonicMs = endMs;
			await settle();
		},
		stepWallClock(ms) {
			wallOffsetMs += ms;
		},
		get pendingTimers() {
			return timers.size;
		},
	};
}

/** A turn of the event loop: every microtask queued so far, and what these queue, has run. */
function settle(): Promise<void> {
	const { setImmediate = (call: () => void) => setTimeout(call, 0) } = globalThis as {
		setImmediate?: (call: () => void) => unknown;
	};
	return new Promise((resolve) => void setImmediate(resolve));
}
