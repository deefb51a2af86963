import type { Caller } from "../caller.ts";
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import { type ApiObject, keyOf, type ObjectRef } from "../resource/object.ts";
import type { ChangeLog } from "./change-log.ts";
import type { WatchObserver } from "./observer.ts";
import type { StreamGuard } from "./stream-guard.ts";
import type { VersionWait } from "./wait-until-fresh.ts";

/** What to wait for. */
export interface WaitQuery<T extends ApiObject, R> {
	readonly ref: ObjectRef;
	/**
	 * Judges a state of the object, undefined where there is none: once at the start, then at each
	 * change, in order. A result ends the wait; undefined: it goes on. What it throws fails the wait.
	 */
	readonly judge: (object: T | undefined) => R | undefined;
	/** Longest wait in milliseconds, asked again when the version is here; 0: judge once. */
	readonly maxWaitMs: () => number;
	/** No older state is judged; empty: the newest that is here. */
	readonly minResourceVersion: string;
	/** Waits; its signal ends the wait. */
	readonly caller: Caller;
	/** What may end the wait from outside. Default: nothing. */
	readonly guard?: StreamGuard | undefined;
}

/** All waits on a log for what becomes of one object each. */
export interface Waits<T extends ApiObject> {
	/** Number of waits that are open. */
	readonly open: number;
	/**
	 * Waits.
	 * @returns what `judge` did; undefined: the time is over
	 * @throws what `judge` or the guard says, the signal's reason, VERSION_NOT_REACHED,
	 * INVALID_REQUEST
	 */
	wait<R>(query: WaitQuery<T, R>): Promise<R | undefined>;
	/** Ends every wait, those to come too, with `failure`. */
	drain(failure: Failure): void;
}

/** One wait, as changes and loads see it. */
interface Waiter<T> {
	readonly ref: ObjectRef;
	/** Judges a state, and ends the wait where that says so. */
	see(object: T | undefined): void;
	fail(failure: unknown): void;
}

/**
 * Creates the waits. A change is shown to the waits for its object alone, so that any number of others
 * costs it nothing; a load is shown to all.
 */
export function createWaits<T extends ApiObject, E>(options: {
	readonly log: ChangeLog<T, E>;
	readonly versions: VersionWait;
	readonly clock: Clock;
	readonly observer: WatchObserver;
}): Waits<T> {
	const { log, versions, clock, observer } = options;
	const waiting = new Map<string, Set<Waiter<T>>>();
	/** Those that wait for a version first, too. */
	const all = new Set<Waiter<T>>();
	let epoch = log.epoch;
	let drained: Failure | undefined;

	log.onChange(({ change }) => {
		if (waiting.size === 0) return;
		const { object, deleted } = change;
		for (const waiter of [...(waiting.get(keyOf(object)) ?? [])]) {
			waiter.see(deleted ? undefined : object);
		}
	});
	log.onNews(() => {
		if (log.epoch === epoch) return;
		epoch = log.epoch;
		const waiters = [...waiting.values()].flatMap((some) => [...some]);
		for (const waiter of waiters) waiter.see(log.state.get(waiter.ref));
	});

	const watch = (waiter: Waiter<T>) => {
		const key = keyOf(waiter.ref);
		const waiters = waiting.get(key) ?? new Set();
		waiters.add(waiter);
		waiting.set(key, waiters);
	};
	const forget = (waiter: Waiter<T>) => {
		all.delete(waiter);
		const key = keyOf(waiter.ref);
		const waiters = waiting.get(key);
		waiters?.delete(waiter);
		if (waiters?.size === 0) waiting.delete(key);
	};

	return {
		get open() {
			return all.size;
		},
		wait: <R>({ ref, judge, maxWaitMs, ...query }: WaitQuery<T, R>) =>
			new Promise<R | undefined>((resolve, reject) => {
				const { signal } = query.caller;
				let isOver = false;
				let unguard = () => {};
				let stopTimer = () => {};
				const settle = (tell: () => void) => {
					if (isOver) return;
					isOver = true;
					forget(waiter);
					stopTimer();
					unguard();
					signal.removeEventListener("abort", onAbort);
					observer.streamClosed();
					tell();
				};
				const onAbort = () => waiter.fail(signal.reason);
				const waiter: Waiter<T> = {
					ref,
					see(object) {
						try {
							const result = judge(object);
							if (result !== undefined) settle(() => resolve(result));
						} catch (failure) {
							waiter.fail(failure);
						}
					},
					fail: (failure) => settle(() => reject(failure)),
				};
				const begin = () => {
					if (isOver) return;
					waiter.see(log.state.get(ref));
					if (isOver) return;
					const ms = maxWaitMs();
					const timeOver = () => settle(() => resolve(undefined));
					if (ms <= 0) return timeOver();
					watch(waiter);
					const timer = clock.setTimer(ms, timeOver);
					stopTimer = () => timer.cancel();
				};

				all.add(waiter);
				observer.streamOpened();
				signal.addEventListener("abort", onAbort);
				if (signal.aborted) return onAbort();
				if (drained !== undefined) return waiter.fail(drained);
				if (query.guard !== undefined) {
					const taken = query.guard.onEnd(waiter.fail);
					if (isOver) taken();
					else unguard = taken;
				}
				versions.reach(query.minResourceVersion, query.caller).then(begin, waiter.fail);
			}),
		drain(failure) {
			drained = failure;
			for (const waiter of [...all]) waiter.fail(failure);
		},
	};
}
