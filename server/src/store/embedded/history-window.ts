import type { HistoryLimits } from "../change-feed.ts";
import type { HistoryRow } from "./storage.ts";

/** The position, age and size of one change. */
export interface HistoryMark {
	readonly version: bigint;
	readonly timeMs: number;
	/** Size of the state before it; 0 where there was none. */
	readonly bytes: number;
}

/** Returns the mark of a row. */
export function markOf({ version, timeMs, previous }: HistoryRow): HistoryMark {
	return { version, timeMs, bytes: previous?.length ?? 0 };
}

/** Decides which changes of the history are kept. */
export interface HistoryWindow {
	/**
	 * Computes the base of the history once `added` is in it: the newest version that is
	 * dropped. Changes nothing, because the commit that needs it may fail.
	 */
	baseWith(added: readonly HistoryMark[], nowMs: number): bigint;
	/** Adds what was committed, and drops what is not newer than `base`. */
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
	let keptBytes = bytesOf(marks);
	let currentBase = base;
	return {
		baseWith(added, nowMs) {
			const total = kept.length - first + added.length;
			let newBase = currentBase;
			let bytes = keptBytes + bytesOf(added);
			for (let index = 0; index < total; index++) {
				const mark = kept[first + index] ?? added[first + index - kept.length];
				if (mark === undefined) break;
				const tooMany = total - index > limits.maxChanges;
				// The newest one is kept, however large it is.
				const tooLarge = bytes > limits.maxBytes && index < total - 1;
				if (!tooMany && !tooLarge && nowMs - mark.timeMs <= limits.maxAgeMs) break;
				newBase = mark.version;
				bytes -= mark.bytes;
			}
			return newBase;
		},
		accept(added, newBase) {
			for (const mark of added) kept.push(mark);
			keptBytes += bytesOf(added);
			currentBase = newBase;
			for (let mark = kept[first]; mark !== undefined && mark.version <= newBase; ) {
				keptBytes -= mark.bytes;
				mark = kept[++first];
			}
			if (first > kept.length / 2) {
				kept = kept.slice(first);
				first = 0;
			}
		},
	};
}

function bytesOf(marks: readonly HistoryMark[]): number {
	return marks.reduce((total, { bytes }) => total + bytes, 0);
}
