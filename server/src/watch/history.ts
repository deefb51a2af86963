import { type ApiObject, keyOf } from "../resource/object.ts";
import type { Change, HistoryLimits } from "../store/change-feed.ts";
import type { EventFactory } from "./events.ts";
import { type EntryPlace, LogEntry } from "./log-entry.ts";
import { mergeBefore } from "./merge.ts";
import type { Pins } from "./pins.ts";
import type { Places } from "./places.ts";

/**
 * The newest changes of all kinds, in the order in which they came. Each has a sequence number, which
 * rises with each one and is never used again; those of merged entries are missing.
 */
export interface History<T extends ApiObject, E> {
	/** Sequence number right after the newest change that was dropped. */
	readonly firstSequence: number;
	/** Sequence number that the next change will get. */
	readonly nextSequence: number;
	/** Version before the oldest kept change of each kind. */
	readonly bases: readonly bigint[];
	/** Sequence number of the newest entry that was not told when it came, or that was told late; -1: none. */
	readonly lastWithheld: number;
	/** Number of entries. */
	readonly size: number;
	/** Returns the first entry from a sequence number on; undefined: there is none. */
	from(sequence: number): LogEntry<T, E> | undefined;
	/** Lists the entries from a sequence number on, to before another one. */
	entries(from: number, end: number): Iterable<LogEntry<T, E>>;
	/** Lists the entries from the newest back to a sequence number. */
	backTo(sequence: number): Iterable<LogEntry<T, E>>;
	/** Adds a change; drops or merges what is over the limits. */
	push(change: Change<T>, at: Omit<EntryPlace, "sequence">, nowMs: number): LogEntry<T, E>;
	/** Returns the sequence number of the first entry that is newer in one of the kinds than `versions`. */
	after(versions: readonly bigint[]): number;
	/** Notes that the changes of a kind between two versions are not known. */
	addGap(gap: Gap): void;
	/**
	 * True where nobody can go on from these places: the history does not reach back to a base, or a relist went
	 * past one: what was there at that time is not known, and a VM may have come and gone without a trace.
	 */
	hasLost(places: Places): boolean;
}

/** Versions of a kind between which it is not known what happened. */
export interface Gap {
	readonly kind: number;
	readonly after: bigint;
	readonly until: bigint;
}

/** How a history of a noisy upstream is kept long. */
export interface Merging {
	/** Age from which on an entry takes the one before it in, in milliseconds. */
	readonly afterMs: number;
	/** Versions that are not merged across. */
	readonly pins: Pins;
	readonly onMerged: () => void;
}

/** Most gaps that are told apart; the two oldest become one where there are more. */
const maxGaps = 64;

/** Fewest merged entries for which the rest moves together. */
const minMergedToCompact = 64;

/** Makes an empty history that starts at `bases`, its first change at `firstSequence`. */
export function createHistory<T extends ApiObject, E>(options: {
	readonly limits: HistoryLimits;
	readonly events: EventFactory<T, E>;
	readonly start: { readonly bases: readonly bigint[]; readonly firstSequence: number };
	/** Default: nothing is merged. */
	readonly merging?: Merging | undefined;
}): History<T, E> {
	const { limits, events, start, merging } = options;
	/** In order; those before `begin` are dropped. */
	let kept: (LogEntry<T, E> | undefined)[] = [];
	let begin = 0;
	/** The newest entry of each object that is still in the history. */
	const newest = new Map<string, LogEntry<T, E>>();
	const bases = [...start.bases];
	let gaps: Gap[] = [];
	let first = start.firstSequence;
	let next = start.firstSequence;
	let bytes = 0;
	let merged = 0;
	/** Sequence number up to which entries have been looked at for merging. */
	let mergedUpTo = first;
	let lastWithheld = -1;

	const size = () => kept.length - begin - merged;

	/** Returns the index of the first entry for which `isBehind` holds, from which on it does. */
	const search = (isBehind: (entry: LogEntry<T, E>) => boolean): number => {
		let low = begin;
		let high = kept.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (isBehind(kept[middle] as LogEntry<T, E>)) high = middle;
			else low = middle + 1;
		}
		return low;
	};
	const indexOf = (sequence: number): number => {
		// Where nothing was merged, none is missing.
		const guess = kept.length - (next - sequence);
		if (guess >= begin && kept[guess]?.sequence === sequence) return guess;
		if (sequence >= next) return kept.length;
		return search((entry) => entry.sequence >= sequence);
	};
	const unlink = (entry: LogEntry<T, E>) => {
		const { previous, next: following } = entry;
		if (previous !== undefined) previous.next = following;
		if (following !== undefined) following.previous = previous;
		else {
			const key = keyOf(entry.change.object);
			if (newest.get(key) !== entry) return;
			if (previous === undefined) newest.delete(key);
			else newest.set(key, previous);
		}
	};
	const moveTogether = () => {
		kept = kept.slice(begin).filter((entry) => entry?.isMerged === false);
		begin = 0;
		merged = 0;
	};
	const dropOldest = () => {
		const entry = kept[begin] as LogEntry<T, E>;
		kept[begin] = undefined;
		begin++;
		first = entry.sequence + 1;
		if (entry.isMerged) merged--;
		else {
			unlink(entry);
			bytes -= entry.bytes;
			if (entry.role === "change") {
				const kind = entry.change.kind ?? 0;
				bases[kind] = entry.change.version;
			}
		}
		if (begin > limits.maxChanges) moveTogether();
	};
	const takeOut = (entry: LogEntry<T, E>) => {
		unlink(entry);
		entry.isMerged = true;
		entry.forgetEvents();
		bytes -= entry.bytes;
		merged++;
		merging?.onMerged();
	};
	/** Merges into entries that came at `untilMs` or before, and into no more than it has to. */
	const merge = ({ pins }: Merging, untilMs: number, isEnough: () => boolean) => {
		while (mergedUpTo < next && !isEnough()) {
			const entry = kept[indexOf(mergedUpTo)];
			if (entry === undefined) break;
			if (entry.change.timeMs > untilMs) break;
			mergedUpTo = entry.sequence + 1;
			if (entry.isMerged) continue;
			const out = mergeBefore(entry, pins);
			if (out !== undefined) takeOut(out);
		}
		if (merged > minMergedToCompact && merged > size() / 4) moveTogether();
	};
	const isOver = () => size() >= limits.maxChanges || bytes > limits.maxBytes;

	return {
		get firstSequence() {
			return first;
		},
		get nextSequence() {
			return next;
		},
		bases,
		get lastWithheld() {
			return lastWithheld;
		},
		get size() {
			return size();
		},
		from(sequence) {
			for (let index = indexOf(sequence); index < kept.length; index++) {
				const entry = kept[index];
				if (entry?.isMerged === false) return entry;
			}
			return undefined;
		},
		*entries(from, end) {
			// What is read may be merged meanwhile: all of one walk is in one turn.
			for (let index = indexOf(from); index < kept.length; index++) {
				const entry = kept[index] as LogEntry<T, E>;
				if (entry.sequence >= end) return;
				if (!entry.isMerged) yield entry;
			}
		},
		*backTo(sequence) {
			for (let index = kept.length - 1; index >= begin; index--) {
				const entry = kept[index] as LogEntry<T, E>;
				if (entry.sequence < sequence) return;
				if (!entry.isMerged) yield entry;
			}
		},
		push(change, at, nowMs) {
			const entry = new LogEntry(change, { ...at, sequence: next }, events);
			bytes += entry.bytes;
			if (merging !== undefined) {
				merge(merging, nowMs - merging.afterMs, () => false);
				// A full history merges earlier than it drops.
				if (isOver()) merge(merging, nowMs, () => !isOver());
			}
			while (
				kept.length > begin &&
				(isOver() || (kept[begin] as LogEntry<T, E>).change.timeMs < nowMs - limits.maxAgeMs)
			) {
				dropOldest();
			}
			const key = keyOf(change.object);
			const before = newest.get(key);
			if (before !== undefined) {
				before.next = entry;
				entry.previous = before;
				if (entry.isTold) before.forgetEvents();
			}
			newest.set(key, entry);
			kept.push(entry);
			if (!entry.isTold || entry.role === "release") lastWithheld = next;
			next++;
			return entry;
		},
		after(versions) {
			const { length } = versions;
			const index = search(({ places: { positions } }) => {
				for (let kind = 0; kind < length; kind++) {
					if ((positions[kind] as bigint) > (versions[kind] as bigint)) return true;
				}
				return false;
			});
			return kept[index]?.sequence ?? next;
		},
		addGap(gap) {
			gaps = gaps.filter(({ kind, until }) => until > (bases[kind] ?? 0n));
			gaps.push(gap);
			if (gaps.length <= maxGaps) return;
			const [oldest, ...others] = gaps as [Gap, ...Gap[]];
			const second = others.findIndex(({ kind }) => kind === oldest.kind);
			gaps = others.map((other, index) =>
				index === second ? { ...other, after: oldest.after } : other,
			);
		},
		hasLost({ positions, bases: replayAfter }) {
			if (replayAfter.some((base, kind) => base < (bases[kind] ?? 0n))) return true;
			return gaps.some(
				({ kind, after, until }) =>
					(replayAfter[kind] ?? until) < until && (positions[kind] ?? after) > after,
			);
		},
	};
}
