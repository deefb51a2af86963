import type { Clock, Timer } from "../clock.ts";

/** What has a heartbeat. */
export interface Beating {
	/** Time from one to the next, in milliseconds; always the same. */
	readonly heartbeatIntervalMs: number;
	/** Its interval is over. */
	beat(): void;
}

/**
 * The heartbeats of all. Those of one interval share a timer, because they fall due in the order
 * in which they were begun; it is set while one of them is under way.
 */
export interface Heartbeats {
	/** Starts the interval of `one`, which is not under way. */
	begin(one: Beating): void;
	/** Breaks it off, without a word, if it is under way. */
	stop(one: Beating): void;
}

export function createHeartbeats(clock: Clock): Heartbeats {
	/** By length; only those that are under way for somebody. */
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

/** A timer may fire so much early, by the fractions of the monotonic clock. */
const earlyMs = 1;

/** All that beat at one interval. */
class Interval {
	readonly #clock: Clock;
	readonly #intervalMs: number;
	readonly #onIdle: () => void;
	/** When each falls due, the first one first. */
	readonly #dueMs = new Map<Beating, number>();
	#timer: Timer | undefined;

	/** @param onIdle told when nobody is left, and to be asked for no more after it */
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
