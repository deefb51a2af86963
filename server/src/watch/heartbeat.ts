import type { Clock, Timer } from "../clock.ts";

/** A stream as its heartbeat sees it. */
export interface Beating {
	/** Time from one heartbeat to the next, in milliseconds; never changes. */
	readonly heartbeatIntervalMs: number;
	/** Called when the interval is over. */
	beat(): void;
}

/**
 * The heartbeats of all streams. Those of one interval share a timer, because they are due in the
 * order in which they were begun; it is set while one of them is under way.
 */
export interface Heartbeats {
	/** Begins an interval; none may be under way for `one`. */
	begin(one: Beating): void;
	/** Cancels the interval that is under way, if there is one; `beat` is not called. */
	stop(one: Beating): void;
}

/** Creates the heartbeats of all streams. */
export function createHeartbeats(clock: Clock): Heartbeats {
	/** Intervals by length in milliseconds; only those that are under way for a stream. */
	const underWay = new Map<number, Interval>();

	return {
		begin(one) {
			const intervalMs = one.heartbeatIntervalMs;
			let interval = underWay.get(intervalMs);
			if (interval === undefined) {
				interval = new Interval(clock, intervalMs, () => underWay.delete(intervalMs));
				underWay.set(intervalMs, interval);
			}
			interval.begin(one);
		},
		stop: (one) => underWay.get(one.heartbeatIntervalMs)?.stop(one),
	};
}

/**
 * Tolerance for timers that fire too early, because the monotonic clock has fractions, in
 * milliseconds.
 */
const earlyMs = 1;

/** The streams of one interval. */
class Interval {
	readonly #clock: Clock;
	readonly #intervalMs: number;
	readonly #onIdle: () => void;
	/** Due times, the first one first. */
	readonly #dueMs = new Map<Beating, number>();
	#timer: Timer | undefined;

	/** @param onIdle called when no stream is left; this object is not to be used after that */
	constructor(clock: Clock, intervalMs: number, onIdle: () => void) {
		this.#clock = clock;
		this.#intervalMs = intervalMs;
		this.#onIdle = onIdle;
	}

	begin(one: Beating): void {
		this.#dueMs.set(one, this.#clock.monotonicMs() + this.#intervalMs);
		this.#timer ??= this.#clock.setTimer(this.#intervalMs, () => this.#fire());
	}

	stop(one: Beating): void {
		this.#dueMs.delete(one);
		if (this.#dueMs.size > 0) return;
		this.#timer?.cancel();
		this.#timer = undefined;
		this.#onIdle();
	}

	#fire(): void {
		const nowMs = this.#clock.monotonicMs();
		const fallen: Beating[] = [];
		this.#timer = undefined;
		for (const [one, oneDueMs] of this.#dueMs) {
			if (oneDueMs >= nowMs + earlyMs) {
				this.#timer = this.#clock.setTimer(oneDueMs - nowMs, () => this.#fire());
				break;
			}
			fallen.push(one);
		}
		for (const one of fallen) this.#dueMs.delete(one);
		if (this.#dueMs.size === 0) this.#onIdle();
		for (const one of fallen) one.beat();
	}
}
