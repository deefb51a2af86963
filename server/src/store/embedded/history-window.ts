/** How much of the history is kept for clients that resume. */
export interface HistoryLimits {
	/** Number of changes. */
	readonly maxHistoryChanges: number;
	/** Age of a change, in milliseconds. */
	readonly maxHistoryAgeMs: number;
}

/** What the window knows of a change. */
export interface HistoryMark {
	readonly version: bigint;
	readonly timeMs: number;
}

/** Which of the changes in the history are kept. */
export interface HistoryWindow {
	/**
	 * The base of the history once `added` is in it: the newest version that is
	 * dropped. Changes nothing, because the commit that needs it may fail.
	 */
	baseWith(added: readonly HistoryMark[], nowMs: number): bigint;
	/** Takes what was committed, and drops what is not newer than `base`. */
	accept(added: readonly HistoryMark[], base: bigint): void;
}

/** @param base the base so far; @param marks the history so far, oldest first. */
export function createHistoryWindow(
	base: bigint,
	marks: readonly HistoryMark[],
	limits: HistoryLimits,
): HistoryWindow {
	let kept = [...marks];
	// Entries before this one are dropped; cutting them off each time would copy the rest.
	let first = 0;
	let currentBase = base;
	return {
		baseWith(added, nowMs) {
			const total = kept.length - first + added.length;
			let newBase = currentBase;
			for (let index = 0; index < total; index++) {
				const mark = kept[first + index] ?? added[first + index - kept.length];
				if (mark === undefined) break;
				const tooMany = total - index > limits.maxHistoryChanges;
				if (!tooMany && nowMs - mark.timeMs <= limits.maxHistoryAgeMs) break;
				newBase = mark.version;
			}
			return newBase;
		},
		accept(added, newBase) {
			for (const mark of added) kept.push(mark);
			currentBase = newBase;
			while ((kept[first]?.version ?? newBase + 1n) <= newBase) first++;
			if (first > kept.length / 2) {
				kept = kept.slice(first);
				first = 0;
			}
		},
	};
}
