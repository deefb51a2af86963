import { type ApiObject, keyOf } from "../resource/object.ts";
import type { Change, HistoryLimits, KindIndex } from "../store/change-feed.ts";
import type { EventFactory } from "./events.ts";
import { leaveToEarlier } from "./inheritance.ts";
import { type EntryPlace, LogEntry } from "./log-entry.ts";
import { mergeBefore } from "./merge.ts";
import type { Pins } from "./pins.ts";
import type { Places } from "./places.ts";
import { Ring } from "./ring.ts";

/**
 * The newest changes of all kinds, in the order in which they came. Each has a sequence number, which
 * rises with each one and is never used again. Each kind is forgotten by itself, as are late
 * tellings: those of what was forgotten or merged are missing.
 */
export interface History<T extends ApiObject, E> {
	/** Sequence number right after the newest entry that was forgotten: a live stream before it has lost something. */
	readonly firstSequence: number;
	/** Sequence number that the next change will get. */
	readonly nextSequence: number;
	/** Version of each kind from which on nothing is forgotten. */
	readonly bases: readonly bigint[];
	/** True where of each kind all that is newer than these versions is there. */
	reachesBackTo(versions: readonly bigint[]): boolean;
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
	/**
	 * Adds a change; forgets or merges what is over the limits. Each kind has the number of changes to
	 * itself; of the bytes each one is sure of an equal share, and may take what others leave.
	 */
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
	/** Called for each change that is merged into a later one, with its kind. */
	readonly onMerged: (kind: KindIndex) => void;
}

/** Most gaps that are told apart; the two oldest become one where there are more. */
const maxGaps = 64;

/** Fewest missing entries for which the rest moves together. */
const minMissingToCompact = 64;

/** Makes an empty history that starts at `bases`, its first change at `firstSequence`. */
export function createHistory<T extends ApiObject, E>(options: {
	readonly limits: HistoryLimits;
	readonly events: EventFactory<T, E>;
	readonly start: { readonly bases: readonly bigint[]; readonly firstSequence: number };
	/** Default: nothing is merged. */
	readonly merging?: Merging | undefined;
}): History<T, E> {
	const { limits, events, start, merging } = options;
	/** In order; those before `begin` are out. */
	let kept: (LogEntry<T, E> | undefined)[] = [];
	let begin = 0;
	/** Entries behind `begin` that are out. */
	let missing = 0;
	/** The newest entry of each object that is still in the history. */
	const newest = new Map<string, LogEntry<T, E>>();
	const bases = [...start.bases];
	/** One for each kind, and one for late tellings. */
	const rings = [...bases, undefined].map(() => new Ring<T, E>());
	let gaps: Gap[] = [];
	let first = start.firstSequence;
	let next = start.firstSequence;
	let bytes = 0;
	let lastWithheld = -1;

	const size = () => kept.length - begin - missing;
	const ringOf = ({ role, change }: LogEntry<T, E>) =>
		rings[role === "release" ? bases.length : (change.kind ?? 0)] as Ring<T, E>;

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
		// Mostly none is missing.
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
	const takeOut = (entry: LogEntry<T, E>) => {
		unlink(entry);
		ringOf(entry).remove(entry);
		entry.isOut = true;
		entry.forgetEvents();
		bytes -= entry.bytes;
		missing++;
		for (; kept[begin]?.isOut; begin++) {
			kept[begin] = undefined;
			missing--;
		}
		const isSparse = missing > minMissingToCompact && missing > size() / 4;
		if (!isSparse && begin <= limits.maxChanges) return;
		kept = kept.slice(begin).filter((one) => one?.isOut === false);
		begin = 0;
		missing = 0;
	};
	const raiseBase = (kind: number, version: bigint) => {
		if (version > (bases[kind] ?? version)) bases[kind] = version;
	};
	const forget = (entry: LogEntry<T, E>) => {
		const { change, role, places } = entry;
		first = Math.max(first, entry.sequence + 1);
		if (role === "change") {
			raiseBase(change.kind ?? 0, change.version);
			// With an object that is new came what the other kinds had for it by then. That is known no more.
			if (change.previous === undefined || change.previous.uid !== change.object.uid) {
				for (const [kind, position] of places.positions.entries()) raiseBase(kind, position);
			}
			for (const useless of leaveToEarlier(entry)) takeOut(useless);
		}
		takeOut(entry);
	};
	/** Merges into entries of a ring that came at `untilMs` or before, and into no more than it has to. */
	const merge = (ring: Ring<T, E>, untilMs: number, isEnough: () => boolean) => {
		if (merging === undefined) return;
		while (!isEnough()) {
			const entry = ring.toMerge;
			if (entry === undefined || entry.change.timeMs > untilMs) return;
			ring.toMerge = entry.newer;
			const out = mergeBefore(entry, merging.pins);
			if (out === undefined) continue;
			takeOut(out);
			if (out.role === "change") merging.onMerged(out.change.kind ?? 0);
		}
	};
	/** Returns the ring that takes the most bytes. */
	const largest = () => rings.reduce((one, other) => (other.bytes > one.bytes ? other : one));
	const isWithinBytes = () => bytes <= limits.maxBytes;
	/** Makes room for an entry, whose bytes are counted already. */
	const makeRoom = (ring: Ring<T, E>, nowMs: number) => {
		const isWithinCount = () => ring.size < limits.maxChanges;
		if (merging !== undefined) {
			for (const one of rings) merge(one, nowMs - merging.afterMs, () => false);
			// What is full is merged earlier than it is forgotten.
			if (!isWithinCount()) merge(ring, nowMs, isWithinCount);
			if (!isWithinBytes()) merge(largest(), nowMs, isWithinBytes);
		}
		while (!isWithinCount() && ring.oldest !== undefined) forget(ring.oldest);
		for (;;) {
			const { oldest } = largest();
			if (isWithinBytes() || oldest === undefined) break;
			forget(oldest);
		}
		for (const { oldest } of rings) {
			for (let old = oldest; old !== undefined; ) {
				if (old.change.timeMs >= nowMs - limits.maxAgeMs) break;
				const { newer } = old;
				forget(old);
				old = newer;
			}
		}
	};

	return {
		get firstSequence() {
			return first;
		},
		get nextSequence() {
			return next;
		},
		bases,
		reachesBackTo: (versions) => versions.every((version, kind) => version >= (bases[kind] ?? 0n)),
		get lastWithheld() {
			return lastWithheld;
		},
		get size() {
			return size();
		},
		from(sequence) {
			for (let index = indexOf(sequence); index < kept.length; index++) {
				const entry = kept[index];
				if (entry?.isOut === false) return entry;
			}
			return undefined;
		},
		*entries(from, end) {
			// What is read may be merged meanwhile: all of one walk is in one turn.
			for (let index = indexOf(from); index < kept.length; index++) {
				const entry = kept[index] as LogEntry<T, E>;
				if (entry.sequence >= end) return;
				if (!entry.isOut) yield entry;
			}
		},
		*backTo(sequence) {
			for (let index = kept.length - 1; index >= begin; index--) {
				const entry = kept[index] as LogEntry<T, E>;
				if (entry.sequence < sequence) return;
				if (!entry.isOut) yield entry;
			}
		},
		push(change, at, nowMs) {
			const entry = new LogEntry(change, { ...at, sequence: next }, events);
			const ring = ringOf(entry);
			bytes += entry.bytes;
			makeRoom(ring, nowMs);
			const key = keyOf(change.object);
			const before = newest.get(key);
			if (before !== undefined) {
				before.next = entry;
				entry.previous = before;
				if (entry.isTold) before.forgetEvents();
			}
			newest.set(key, entry);
			ring.push(entry);
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
			if (!this.reachesBackTo(replayAfter)) return true;
			return gaps.some(
				({ kind, after, until }) =>
					(replayAfter[kind] ?? until) < until && (positions[kind] ?? after) > after,
			);
		},
	};
}
