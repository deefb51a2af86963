import type { Clock, Timer } from "../../clock.ts";

/**
 * Why open streams ask again: rights have changed (`round`), answers grow old (`due`), or there is a
 * namespace that nobody has asked about (`namespace`).
 */
export type Occasion = "round" | "due" | "namespace";

/** Something that is followed: all that is open by one user, or everything. */
export interface Followed {
	readonly listeners: Set<() => void>;
}

/** Tells those who follow rights that they are to ask again. */
export interface Followers<K extends Followed> {
	/** @returns takes the callback back */
	join(followed: K, callback: () => void): () => void;
	/** Tells all who follow this. */
	tell(followed: K, occasion: Occasion): void;
	/** Hears that what is followed relies on an answer: it is asked for again while that still holds. */
	rely(followed: K, sentMs: number): void;
	/** Asks again soon: it failed. */
	retry(followed: K): void;
	/** What the question that is asked in this very turn is asked for; undefined: by a call. */
	readonly occasion: Occasion | undefined;
	stop(): void;
}

/** Age at which an answer that a stream relies on is asked for again, in milliseconds, at most and at least. */
const refreshMs = { most: 27_000, least: 20_000 } as const;
/** An answer that is not older is not asked for again, in milliseconds. */
export const freshMs = 3_000;
/** Time between two tries while the cluster cannot be asked, in milliseconds. */
const retryMs = 1_000;

interface Schedule {
	readonly timer: Timer;
	readonly dueMs: number;
}

/**
 * Creates the followers. Each user's answers are asked for again together, at a time of its own, so that
 * they hold until then and not all users ask at once.
 */
export function createFollowers<K extends Followed>(
	clock: Clock,
	random: () => number,
): Followers<K> {
	const schedules = new Map<K, Schedule>();
	let occasion: Occasion | undefined;
	let isStopped = false;

	const tell = (followed: K, why: Occasion) => {
		const before = occasion;
		occasion = why;
		try {
			for (const listener of [...followed.listeners]) listener();
		} finally {
			occasion = before;
		}
	};
	const cancel = (followed: K) => {
		schedules.get(followed)?.timer.cancel();
		schedules.delete(followed);
	};
	const schedule = (followed: K, delayMs: number) => {
		cancel(followed);
		if (isStopped || followed.listeners.size === 0) return;
		const dueMs = clock.monotonicMs() + delayMs;
		const timer = clock.setTimer(delayMs, () => {
			schedules.delete(followed);
			refresh(followed);
		});
		schedules.set(followed, { timer, dueMs });
	};
	const refresh = (followed: K) => {
		schedule(followed, refreshMs.least + random() * (refreshMs.most - freshMs - refreshMs.least));
		tell(followed, "due");
	};
	const sooner = (followed: K, atMs: number) => {
		const planned = schedules.get(followed);
		if (planned === undefined || planned.dueMs <= atMs) return;
		schedule(followed, Math.max(0, atMs - clock.monotonicMs()));
	};

	return {
		join(followed, callback) {
			// A function of its own: the same one may be given twice.
			const own = () => callback();
			followed.listeners.add(own);
			if (!schedules.has(followed)) schedule(followed, refreshMs.least);
			return () => {
				followed.listeners.delete(own);
				if (followed.listeners.size === 0) cancel(followed);
			};
		},
		tell,
		rely: (followed, sentMs) => sooner(followed, sentMs + refreshMs.most),
		retry: (followed) => sooner(followed, clock.monotonicMs() + retryMs),
		get occasion() {
			return occasion;
		},
		stop() {
			isStopped = true;
			for (const { timer } of schedules.values()) timer.cancel();
			schedules.clear();
		},
	};
}
