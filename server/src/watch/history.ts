import { keyOf } from "../resource/object.ts";
import type { Change, HistoryLimits } from "../store/store.ts";
import { createLogEntry, type LogEntry } from "./log-entry.ts";

/**
 * The newest changes, in a ring. A place in it is a sequence number, which
 * rises by one with each change and is never used again.
 */
export interface History {
	/** Sequence number of the oldest change that is kept. */
	readonly firstSequence: number;
	/** Sequence number that the next change will get. */
	readonly nextSequence: number;
	/** Version before the oldest kept change. */
	readonly base: bigint;
	/** The entry at a place from `firstSequence` to before `nextSequence`. */
	at(sequence: number): LogEntry;
	/** Adds a change, and forgets what is over the limits. */
	push(change: Change, nowMs: number): void;
	/** The place of the first change newer than `version`. */
	after(version: bigint): number;
	/**
	 * The version to resume from in order to see the change at `sequence`, and all after it. Of a
	 * change that a relist found: the version before the gap.
	 */
	versionBefore(sequence: number): bigint;
	/**
	 * True where a relist went past the version: what was there at that time is not known, and a
	 * VM may have come and gone without a trace.
	 */
	isInGap(version: bigint): boolean;
}

/** An empty history that starts at `base`, its first change at `firstSequence`. */
export function createHistory(
	limits: HistoryLimits,
	start: { readonly base: bigint; readonly firstSequence: number },
): History {
	const ring: (LogEntry | undefined)[] = [];
	/** The newest entry of each object that is still in the ring. */
	const newest = new Map<string, LogEntry>();
	let first = start.firstSequence;
	let next = start.firstSequence;
	let base = start.base;
	let bytes = 0;

	const at = (sequence: number): LogEntry => {
		const entry = ring[sequence % limits.maxChanges];
		if (entry === undefined || sequence < first || sequence >= next) {
			throw new RangeError(`no entry at ${sequence}, only ${first} to ${next - 1}`);
		}
		return entry;
	};
	const forgetOldest = () => {
		const entry = at(first);
		const key = keyOf(entry.change.object);
		if (newest.get(key) === entry) newest.delete(key);
		ring[first % limits.maxChanges] = undefined;
		base = entry.change.version;
		bytes -= entry.bytes;
		first++;
	};
	const after = (version: bigint): number => {
		let low = first;
		let high = next;
		while (low < high) {
			const middle = Math.floor((low + high) / 2);
			if (at(middle).change.version > version) high = middle;
			else low = middle + 1;
		}
		return low;
	};
	return {
		get firstSequence() {
			return first;
		},
		get nextSequence() {
			return next;
		},
		get base() {
			return base;
		},
		at,
		push(change, nowMs) {
			const entry = createLogEntry(change);
			bytes += entry.bytes;
			while (
				next - first >= limits.maxChanges ||
				(next > first &&
					(bytes > limits.maxBytes || at(first).change.timeMs < nowMs - limits.maxAgeMs))
			) {
				forgetOldest();
			}
			const key = keyOf(change.object);
			const before = newest.get(key);
			if (before !== undefined) {
				before.next = entry;
				before.forgetEvents();
			}
			newest.set(key, entry);
			ring[next % limits.maxChanges] = entry;
			next++;
		},
		after,
		versionBefore(sequence) {
			const { gapAfter } = at(sequence).change;
			if (gapAfter !== undefined) return gapAfter;
			return sequence > first ? at(sequence - 1).change.version : base;
		},
		isInGap(version) {
			const sequence = after(version);
			if (sequence === next) return false;
			const { gapAfter } = at(sequence).change;
			return gapAfter !== undefined && gapAfter < version;
		},
	};
}
