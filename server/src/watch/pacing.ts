import type { Clock, Timer } from "../clock.ts";
import { type ApiObject, keyOf } from "../resource/object.ts";
import type { Change } from "../store/change-feed.ts";
import type { WatchObserver } from "./observer.ts";

/** How fast changes of one object may be told to live streams. */
export interface Pacing<T extends ApiObject> {
	/**
	 * Returns how long the telling of a change may be withheld, from the last telling of its object on,
	 * in milliseconds. 0: not at all.
	 * @param told the state that was told last
	 * @param next a later state of the same object
	 */
	intervalMs(told: T, next: T): number;
	/** The longest of these intervals. */
	readonly maxIntervalMs: number;
	/** Age from which on the history merges changes, in milliseconds. */
	readonly mergeAfterMs: number;
}

/** Withholds the telling of changes that follow each other closely. It takes nothing from the history. */
export interface Pacer<T extends ApiObject> {
	/**
	 * Decides about a change as it comes: true where it is told now, and everything that is withheld
	 * of its object with it.
	 */
	isToldNow(change: Change<T>): boolean;
	/** Returns the version before the oldest one of a kind that is withheld; undefined: none is. */
	baseOf(kind: number): bigint | undefined;
	/** Lets go of everything: the log has started over. */
	clear(): void;
	/** Withholds nothing from now on, and leaves no timer. What is withheld stays so. */
	close(): void;
}

/** The last telling of an object, and what is withheld since. */
interface Pace<T extends ApiObject> {
	readonly key: string;
	told: T;
	toldAtMs: number;
	/** The newest state; undefined: nothing is withheld. */
	newest: T | undefined;
	dueMs: number;
	/** Oldest withheld version of each kind. */
	oldest: (bigint | undefined)[];
	/** Changes that were withheld without a pause between. */
	count: number;
}

interface Withheld<T extends ApiObject> {
	readonly pace: Pace<T>;
	readonly version: bigint;
}

/** Withheld changes of an object in a row from which on its upstream counts as noisy. */
const noisyCount = 20;

/** Tolerance for timers that fire too early, because the monotonic clock has fractions, in milliseconds. */
const earlyMs = 1;

/**
 * @param onRelease called with the newest state of an object whose time has come, once that is no more
 * withheld; what comes after it in the same turn still is
 * @param onReleased called after the last one of a turn
 */
export function createPacer<T extends ApiObject>(options: {
	readonly pacing: Pacing<T>;
	readonly clock: Clock;
	readonly observer: Pick<WatchObserver, "withheld" | "noisy">;
	readonly onRelease: (object: T) => void;
	readonly onReleased: () => void;
}): Pacer<T> {
	const { pacing, clock, observer, onRelease, onReleased } = options;
	/** By the time of the last telling. */
	const paces = new Map<string, Pace<T>>();
	const waiting = new Set<Pace<T>>();
	/** What is withheld of each kind, the oldest first; some may have been told since. */
	const queues: Withheld<T>[][] = [];
	let timer: Timer | undefined;
	let timerDueMs = Number.POSITIVE_INFINITY;
	let isClosed = false;

	/** Forgets objects that were told so long ago that nothing would be withheld. */
	const forgetOld = (nowMs: number) => {
		for (const [key, pace] of paces) {
			// One that is withheld for so long is released as soon as the timer, which is late, fires.
			if (pace.newest !== undefined || nowMs - pace.toldAtMs < pacing.maxIntervalMs) return;
			paces.delete(key);
		}
	};
	const tell = (pace: Pace<T>, object: T, nowMs: number) => {
		pace.told = object;
		pace.toldAtMs = nowMs;
		pace.newest = undefined;
		if (pace.oldest.length > 0) pace.oldest = [];
		waiting.delete(pace);
		paces.delete(pace.key);
		paces.set(pace.key, pace);
	};
	const setTimer = (dueMs: number) => {
		if (dueMs >= timerDueMs) return;
		timer?.cancel();
		timerDueMs = dueMs;
		timer = clock.setTimer(Math.max(0, dueMs - clock.monotonicMs()), fire);
	};
	const fire = () => {
		timer = undefined;
		timerDueMs = Number.POSITIVE_INFINITY;
		const nowMs = clock.monotonicMs();
		let nextMs = Number.POSITIVE_INFINITY;
		let isReleased = false;
		for (const pace of waiting) {
			const { newest, dueMs } = pace;
			if (newest === undefined) continue;
			if (dueMs - nowMs >= earlyMs) nextMs = Math.min(nextMs, dueMs);
			else {
				tell(pace, newest, nowMs);
				onRelease(newest);
				isReleased = true;
			}
		}
		if (nextMs < Number.POSITIVE_INFINITY) setTimer(nextMs);
		if (isReleased) onReleased();
	};
	const withhold = (pace: Pace<T>, change: Change<T>, dueMs: number) => {
		const { kind = 0, version, gapAfter, object } = change;
		pace.newest = object;
		pace.dueMs = dueMs;
		waiting.add(pace);
		if (pace.oldest[kind] === undefined) {
			// Of what a relist found nobody knows when it was.
			const oldest = gapAfter === undefined ? version : gapAfter + 1n;
			pace.oldest[kind] = oldest;
			queues[kind] ??= [];
			queues[kind].push({ pace, version: oldest });
		}
		setTimer(dueMs);
		observer.withheld(kind);
		if (++pace.count === noisyCount) observer.noisy(object);
	};

	return {
		isToldNow(change) {
			const { object, previous, deleted, hasNews = true } = change;
			const nowMs = clock.monotonicMs();
			forgetOld(nowMs);
			const key = keyOf(object);
			let pace = paces.get(key);
			if (deleted || previous === undefined || previous.uid !== object.uid) {
				if (pace !== undefined) tell(pace, object, nowMs);
				paces.delete(key);
				if (!deleted) paces.set(key, paceOf(key, object, nowMs));
				return true;
			}
			if (!hasNews) {
				if (pace?.newest !== undefined) pace.newest = object;
				return false;
			}
			if (pace === undefined) {
				pace = paceOf(key, object, nowMs);
				paces.set(key, pace);
				return true;
			}
			const dueMs = pace.toldAtMs + pacing.intervalMs(pace.told, object);
			if (nowMs >= dueMs || isClosed) {
				tell(pace, object, nowMs);
				return true;
			}
			withhold(pace, change, dueMs);
			return false;
		},
		baseOf(kind) {
			const queue = queues[kind];
			if (queue === undefined) return undefined;
			let told = 0;
			for (const { pace, version } of queue) {
				if (pace.oldest[kind] === version) break;
				told++;
			}
			if (told > 0) queue.splice(0, told);
			const [oldest] = queue;
			return oldest && oldest.version - 1n;
		},
		clear() {
			timer?.cancel();
			timer = undefined;
			timerDueMs = Number.POSITIVE_INFINITY;
			paces.clear();
			waiting.clear();
			queues.length = 0;
		},
		close() {
			isClosed = true;
			timer?.cancel();
			timer = undefined;
		},
	};
}

function paceOf<T extends ApiObject>(key: string, told: T, nowMs: number): Pace<T> {
	return { key, told, toldAtMs: nowMs, newest: undefined, dueMs: 0, oldest: [], count: 0 };
}
