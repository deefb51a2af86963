import type { Clock } from "../clock.ts";

/** A beat that falls due again and again until it is stopped. */
export interface Heartbeat {
	/** True once the interval has passed since the last beat was taken. */
	readonly due: boolean;
	/** Takes a due beat; the next interval begins. */
	take(): void;
	/** Makes a beat due at once. */
	beat(): void;
	stop(): void;
}

/** Calls `onDue` when a beat falls due, once for each that is taken: a stalled reader piles up none. */
export function createHeartbeat(clock: Clock, intervalMs: number, onDue: () => void): Heartbeat {
	let due = false;
	const fall = () => {
		due = true;
		onDue();
	};
	const arm = () => clock.setTimer(intervalMs, fall);
	let timer = arm();
	return {
		get due() {
			return due;
		},
		take() {
			due = false;
			timer = arm();
		},
		beat() {
			timer.cancel();
			fall();
		},
		stop: () => timer.cancel(),
	};
}
