import { type ApiObject, keyOf } from "../resource/object.ts";
import { heapBytes } from "../resource/object-size.ts";
import { formatVersion } from "../resource/version.ts";
import type { Change, HistoryLimits } from "../store/store.ts";
import type { ChangeKind, EventFactory } from "./events.ts";

/**
 * A change in the history, with its events. A stream may see one change as any of the three kinds,
 * so each is made once, when first asked for, and shared by all.
 */
export interface LogEntry<T extends ApiObject, E> {
	readonly change: Change<T>;
	/** Bytes of heap that it takes, the states included that the newest state does not hold. */
	readonly bytes: number;
	/** The next change of the same object, once there is one. */
	next: LogEntry<T, E> | undefined;
	/** Returns the one shared event of each kind. */
	event(kind: ChangeKind): E;
	/** Lets go of its events, and with them of their bytes: only readers that lag ask for them again. */
	forgetEvents(): void;
}

/** Bytes of a change, its entry, its place in the history, and an event. */
const entryOverheadBytes = 768;

function createLogEntry<T extends ApiObject, E>(
	change: Change<T>,
	factory: EventFactory<T, E>,
): LogEntry<T, E> {
	let events: Partial<Record<ChangeKind, E>> = {};
	return {
		change,
		bytes: entryOverheadBytes + heapBytes(change.previous) + heapBytes(lastStateOf(change)),
		next: undefined,
		event(kind) {
			let event = events[kind];
			if (event === undefined) {
				event = createChangeEvent(change, kind, factory);
				events[kind] = event;
			}
			return event;
		},
		forgetEvents() {
			events = {};
		},
	};
}

/** Returns the last state of an object that is gone: it is nowhere but here. */
function lastStateOf<T extends ApiObject>({ deleted, object }: Change<T>): T | undefined {
	return deleted ? object : undefined;
}

/** Returns the state that an event of the change carries. */
export function stateToSend<T extends ApiObject>(change: Change<T>, kind: ChangeKind): T {
	// A stream that loses sight of an object which goes on elsewhere gets the last state it may see.
	const leaves = kind === "deleted" && !change.deleted;
	return leaves && change.previous !== undefined ? change.previous : change.object;
}

function createChangeEvent<T extends ApiObject, E>(
	change: Change<T>,
	kind: ChangeKind,
	factory: EventFactory<T, E>,
): E {
	const token = formatVersion(change.resumeVersion);
	return factory.change(kind, stateToSend(change, kind), { token, timeMs: change.timeMs });
}

/**
 * The newest changes, in a ring. Each has a sequence number, which rises by one with each change and
 * is never used again.
 */
export interface History<T extends ApiObject, E> {
	/** Sequence number of the oldest change that is kept. */
	readonly firstSequence: number;
	/** Sequence number that the next change will get. */
	readonly nextSequence: number;
	/** Version before the oldest kept change. */
	readonly base: bigint;
	/** Returns the entry of a sequence number from `firstSequence` to before `nextSequence`. */
	at(sequence: number): LogEntry<T, E>;
	/** Adds a change, and drops the oldest ones that are over the limits. */
	push(change: Change<T>, nowMs: number): void;
	/** Returns the sequence number of the first change newer than `version`. */
	after(version: bigint): number;
	/**
	 * Returns the version to resume from in order to see the change at `sequence`, and all after it. Of a
	 * change that a relist found: the version before the gap.
	 */
	versionBefore(sequence: number): bigint;
	/**
	 * True where a relist went past the version: what was there at that time is not known, and a
	 * VM may have come and gone without a trace.
	 */
	isInGap(version: bigint): boolean;
}

/** Makes an empty history that starts at `base`, its first change at `firstSequence`. */
export function createHistory<T extends ApiObject, E>(options: {
	readonly limits: HistoryLimits;
	readonly events: EventFactory<T, E>;
	readonly start: { readonly base: bigint; readonly firstSequence: number };
}): History<T, E> {
	const { limits, events, start } = options;
	const ring: (LogEntry<T, E> | undefined)[] = [];
	/** The newest entry of each object that is still in the ring. */
	const newest = new Map<string, LogEntry<T, E>>();
	let first = start.firstSequence;
	let next = start.firstSequence;
	let base = start.base;
	let bytes = 0;

	const at = (sequence: number): LogEntry<T, E> => {
		const entry = ring[sequence % limits.maxChanges];
		if (entry === undefined || sequence < first || sequence >= next) {
			throw new RangeError(`no entry at ${sequence}, only ${first} to ${next - 1}`);
		}
		return entry;
	};
	const dropOldest = () => {
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
			const entry = createLogEntry(change, events);
			bytes += entry.bytes;
			while (
				next - first >= limits.maxChanges ||
				(next > first &&
					(bytes > limits.maxBytes || at(first).change.timeMs < nowMs - limits.maxAgeMs))
			) {
				dropOldest();
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
