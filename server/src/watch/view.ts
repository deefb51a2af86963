import type { ApiObject } from "../resource/object.ts";
import type { Change } from "../store/change-feed.ts";
import type { ChangeLog } from "./change-log.ts";
import type { ChangeKind } from "./events.ts";
import { type Filter, onlyRef, shows, suffixOf } from "./filter.ts";
import { type LogEntry, stateToSend } from "./log-entry.ts";
import type { Places } from "./places.ts";
import { type ResumedSpan, sliceResumed } from "./resumed-slice.ts";
import { eventOverheadBytes, type Slice, viewChange } from "./slice.ts";
import { indexAfter } from "./state.ts";

/** A position in the list of objects as it was at some places. */
export interface SnapshotPosition<T extends ApiObject> {
	readonly places: Places;
	/** The last object that was passed; undefined: none yet. */
	readonly after: T | undefined;
}

/** ADDED in a row. Frozen, and one for all streams at the same position. */
export interface SnapshotSlice<T extends ApiObject, E> {
	readonly events: readonly E[];
	/** The last object that is passed with them; undefined: all are. */
	readonly last: T | undefined;
}

/** A change that a view shows next. */
export interface NextChange {
	readonly sequence: number;
	/** Places right before it. */
	readonly places: Places;
}

/** Reader of a view. */
export interface ViewReader {
	/** Hears that there is news in the view. */
	wake(): void;
	/** Lets a reader at the view's end pass over what lies between it and the view's next change. */
	skipTo(next: NextChange): void;
}

/**
 * The log through one filter. Streams with equal filters share it: those that ask for the same slice
 * before the log's next news are given the same one, so that a burst costs a stream one step
 * whatever its number of changes. It knows where its newest change is: up to the log's end there is
 * nothing for its readers after that, so a change of others costs them nothing. A class: there may
 * be one for each of thousands of streams.
 */
export class View<T extends ApiObject, E> {
	readonly log: ChangeLog<T, E>;
	readonly filter: Filter;
	/** Ends the tokens of its streams (`suffixOf`). */
	readonly suffix: string;
	readonly readers = new Set<ViewReader>();
	readonly #onKept: (view: View<T, E>) => void;
	#end: number;
	#changes: CachedChanges<E> | undefined;
	#resumed: CachedResumed<E> | undefined;
	#snapshot: CachedSnapshot<T, E> | undefined;

	/** @param onKept called when a slice is kept; `forget` is to be called at the log's next news */
	constructor(log: ChangeLog<T, E>, filter: Filter, onKept: (view: View<T, E>) => void) {
		this.log = log;
		this.filter = filter;
		this.suffix = suffixOf(filter);
		this.#onKept = onKept;
		this.#end = log.history.nextSequence;
	}

	/**
	 * Sequence number from which on the view shows none of the log's changes. Changes before the
	 * view was there are counted in: they were not looked at.
	 */
	get end(): number {
		return this.#end;
	}

	/** True where the view shows the change: also one that takes an object out of it. */
	sees(change: Change<T>): boolean {
		return viewChange(change, this.filter) !== undefined;
	}

	/** Moves the end behind a change that the view shows, the log's newest. */
	add(next: NextChange): void {
		if (next.sequence > this.#end) {
			// Readers that had seen everything are to miss nothing when the history forgets what lies between.
			for (const reader of this.readers) reader.skipTo(next);
		}
		this.#end = next.sequence + 1;
	}

	/** Counts everything in the log as not looked at, and wakes all: the log has started over. */
	restart(): void {
		this.#end = this.log.history.nextSequence;
		this.wake();
	}

	/** Wakes all readers. */
	wake(): void {
		for (const reader of this.readers) reader.wake();
	}

	/** Lets go of the slices: old states are not to be kept from the garbage collector. */
	forget(): void {
		this.#changes = undefined;
		this.#resumed = undefined;
		this.#snapshot = undefined;
	}

	/**
	 * Returns the changes from sequence number `from` to before `end`, up to about `maxBytes` of binary
	 * form; without events only where there are none. Needs a position that the history holds.
	 */
	changes(from: number, end: number, maxBytes: number): Slice<E> {
		const { nextSequence } = this.log.history;
		let found = this.#changes;
		if (
			found?.from !== from ||
			found.end !== end ||
			found.maxBytes !== maxBytes ||
			found.nextSequence !== nextSequence
		) {
			const slice = sliceChanges(this, { from, end, maxBytes });
			found = { end, from, maxBytes, nextSequence, slice };
			this.#changes = found;
			this.#onKept(this);
		}
		return found.slice;
	}

	/**
	 * Returns what one that resumes has missed, from sequence number `from` on, likewise: of each object
	 * what it was at the end of the span.
	 */
	resumed(from: number, span: ResumedSpan, maxBytes: number): Slice<E> {
		let found = this.#resumed;
		if (
			found?.from !== from ||
			found.maxBytes !== maxBytes ||
			found.span.end !== span.end ||
			found.span.token !== span.token
		) {
			const slice = sliceResumed(this, { from, span, maxBytes });
			found = { from, span, maxBytes, slice };
			this.#resumed = found;
			this.#onKept(this);
		}
		return found.slice;
	}

	/**
	 * Returns the ADDED of a snapshot from a position on, likewise. Needs places that the history
	 * holds, and one at which it can still be told (`ChangeLog.objectsAt`); undefined: it cannot.
	 */
	snapshot(position: SnapshotPosition<T>, maxBytes: number): SnapshotSlice<T, E> | undefined {
		let found = this.#snapshot;
		if (
			found?.places !== position.places ||
			found.after !== position.after ||
			found.maxBytes !== maxBytes
		) {
			const slice = sliceObjects(this, position, maxBytes);
			if (slice === undefined) return undefined;
			found = { ...position, maxBytes, slice };
			this.#snapshot = found;
			this.#onKept(this);
		}
		return found.slice;
	}
}

/**
 * Distance behind the log, in changes, from which superseded states are
 * skipped for it. A reader that keeps up sees every state, except where more come at once: a position
 * in the log cannot tell whether the reader or the burst is the cause (promise 5 of docs/watch.md).
 */
const lagThresholdChanges = 100;

/** The last slice of changes, and where it is. What is superseded depends on the log's end too. */
interface CachedChanges<E> extends Bounds {
	readonly end: number;
	readonly nextSequence: number;
	readonly slice: Slice<E>;
}

/** The last slice of what was missed, and where it is. */
interface CachedResumed<E> extends Bounds {
	readonly span: ResumedSpan;
	readonly slice: Slice<E>;
}

/** The last slice of a snapshot, and where it is. */
interface CachedSnapshot<T extends ApiObject, E> extends SnapshotPosition<T> {
	readonly maxBytes: number;
	readonly slice: SnapshotSlice<T, E>;
}

interface Bounds {
	readonly from: number;
	readonly maxBytes: number;
}

function sliceChanges<T extends ApiObject, E>(
	view: View<T, E>,
	{ from, end, maxBytes }: Bounds & { readonly end: number },
): Slice<E> {
	const { log, filter } = view;
	const { history } = log;
	const events: E[] = [];
	let next = from;
	let bytes = 0;
	let skipped = 0;
	let places: Places | undefined;
	for (const entry of history.entries(from, end)) {
		if (bytes >= maxBytes) return { events: Object.freeze(events), end: next, skipped, places };
		next = entry.sequence + 1;
		places = entry.places;
		if (!entry.isTold) continue;
		const kind = viewChange(entry.change, filter);
		if (kind === undefined) continue;
		const lagging = history.nextSequence - entry.sequence > lagThresholdChanges;
		if (lagging && kind === "modified" && isSuperseded(entry, filter)) {
			skipped++;
			continue;
		}
		events.push(eventOf(entry, kind, view));
		bytes += eventOverheadBytes + log.sizeBytes(stateToSend(entry.change, kind));
	}
	return { events: Object.freeze(events), end, skipped, places };
}

/**
 * Returns an entry's event: one for all views, or where tokens end in a suffix one for this slice. The
 * object in it, and its bytes, are the same.
 */
function eventOf<T extends ApiObject, E>(
	entry: LogEntry<T, E>,
	kind: ChangeKind,
	{ log, suffix }: View<T, E>,
): E {
	if (suffix === "") return entry.event(kind);
	const { change, places } = entry;
	const at = { token: places.text + suffix, timeMs: change.timeMs };
	return log.events.change(kind, stateToSend(change, kind), at);
}

/**
 * Only a state that is followed, in this very view, by another MODIFIED of the
 * same object may be skipped: an ADDED or DELETED never goes missing.
 */
function isSuperseded<T extends ApiObject, E>(entry: LogEntry<T, E>, filter: Filter): boolean {
	let { next } = entry;
	while (next !== undefined && !next.isTold) next = next.next;
	return next !== undefined && viewChange(next.change, filter) === "modified";
}

function sliceObjects<T extends ApiObject, E>(
	view: View<T, E>,
	position: SnapshotPosition<T>,
	maxBytes: number,
): SnapshotSlice<T, E> | undefined {
	const { log, filter } = view;
	const events: E[] = [];
	let bytes = 0;
	let last: T | undefined;
	const objects = objectsFrom(view, position);
	if (objects === undefined) return undefined;
	for (const object of objects) {
		if (bytes >= maxBytes) return { events: Object.freeze(events), last };
		last = object;
		if (!shows(filter, object)) continue;
		events.push(log.snapshotEvents.of(object));
		bytes += eventOverheadBytes + log.sizeBytes(object);
	}
	return { events: Object.freeze(events), last: undefined };
}

/** Returns the objects behind a position; some may be outside of the view. */
function objectsFrom<T extends ApiObject, E>(
	{ log, filter }: View<T, E>,
	{ places, after }: SnapshotPosition<T>,
): Iterable<T> | undefined {
	if (!log.isNewest(places)) return log.objectsAt(places, after);
	const only = onlyRef(filter);
	if (only !== undefined) {
		const one = after === undefined ? log.state.get(only) : undefined;
		return one === undefined ? [] : [one];
	}
	const newest = log.state.snapshot();
	return after === undefined ? newest : newest.slice(indexAfter(newest, after));
}
