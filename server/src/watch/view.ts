import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, shows } from "./filter.ts";
import { type LogEntry, viewChange } from "./log-entry.ts";
import { indexAfter } from "./state.ts";

/** A place in the VMs as they were at a version. */
export interface SnapshotPlace {
	readonly version: bigint;
	/** The last VM that was passed; undefined: none yet. */
	readonly after: Wukong | undefined;
}

/** ADDED in a row. Frozen, and one for all streams that are told the same. */
export interface SnapshotSlice {
	readonly events: readonly WukongEvent[];
	/** The last VM that is passed with them; undefined: all are. */
	readonly last: Wukong | undefined;
}

/** Events in a row. Frozen, and one for all streams that are told the same. */
export interface Slice {
	readonly events: readonly WukongEvent[];
	/** Sequence number where the next one begins. */
	readonly end: number;
	/** Superseded states that are left out. */
	readonly skipped: number;
}

/**
 * The log through one filter. Streams with equal filters share it: whoever asks for the same slice
 * before the log's next news is given the same one, so that a burst costs a stream one step
 * whatever its number of changes.
 */
export interface View {
	readonly log: ChangeLog;
	readonly filter: Filter;
	/**
	 * The changes from sequence number `from` to before `end`, up to about `maxBytes` of binary
	 * form; without events only where there are none. Needs a place that the history holds.
	 */
	changes(from: number, end: number, maxBytes: number): Slice;
	/** The ADDED of a snapshot from a place on, likewise. Needs a version that the history holds. */
	snapshot(place: SnapshotPlace, maxBytes: number): SnapshotSlice;
	/** Nobody looks through it any more. */
	close(): void;
}

/**
 * How far behind, in changes, a reader must be before superseded states are
 * skipped for it. A reader that keeps up sees every state, but where more come at once: whose fault
 * that is, a place in the log cannot tell (promise 5 of docs/watch.md).
 */
export const lagThresholdChanges = 100;

/** Bytes that an event takes besides its VM. */
const eventOverheadBytes = 64;

export function createView(log: ChangeLog, filter: Filter): View {
	let changes: KeptChanges | undefined;
	let snapshot: KeptSnapshot | undefined;
	// Old states are not to be kept from the garbage collector.
	const forgetNews = log.onNews(() => {
		changes = undefined;
		snapshot = undefined;
	});

	return {
		log,
		filter,
		changes(from, end, maxBytes) {
			const { nextSequence } = log.history;
			if (
				changes?.from !== from ||
				changes.end !== end ||
				changes.maxBytes !== maxBytes ||
				changes.nextSequence !== nextSequence
			) {
				const slice = sliceChanges({ log, filter }, { from, end, maxBytes });
				changes = { end, from, maxBytes, nextSequence, slice };
			}
			return changes.slice;
		},
		snapshot(place, maxBytes) {
			if (
				snapshot?.version !== place.version ||
				snapshot.after !== place.after ||
				snapshot.maxBytes !== maxBytes
			) {
				const slice = sliceObjects({ log, filter }, place, maxBytes);
				snapshot = { ...place, maxBytes, slice };
			}
			return snapshot.slice;
		},
		close: forgetNews,
	};
}

/** The last slice of changes, and where it is. What is superseded depends on the log's end too. */
interface KeptChanges extends Bounds {
	readonly end: number;
	readonly nextSequence: number;
	readonly slice: Slice;
}

/** The last slice of a snapshot, and where it is. */
interface KeptSnapshot extends SnapshotPlace {
	readonly maxBytes: number;
	readonly slice: SnapshotSlice;
}

interface Bounds {
	readonly from: number;
	readonly maxBytes: number;
}

function sliceChanges(
	{ log, filter }: Pick<View, "log" | "filter">,
	{ from, end, maxBytes }: Bounds & { readonly end: number },
): Slice {
	const { history } = log;
	const events: WukongEvent[] = [];
	let sequence = from;
	let bytes = 0;
	let skipped = 0;
	while (sequence < end && bytes < maxBytes) {
		const entry = history.at(sequence);
		const lagging = history.nextSequence - sequence > lagThresholdChanges;
		const kind = viewChange(entry.change, filter);
		sequence++;
		if (kind === undefined) continue;
		if (lagging && kind === "modified" && isSuperseded(entry, filter)) {
			skipped++;
			continue;
		}
		const event = entry.event(kind);
		events.push(event);
		bytes += eventBytes(log, event);
	}
	return { events: Object.freeze(events), end: sequence, skipped };
}

/**
 * Only a state that is followed, in this very view, by another MODIFIED of the
 * same object may be skipped: an ADDED or DELETED never goes missing.
 */
function isSuperseded(entry: LogEntry, filter: Filter): boolean {
	return entry.next !== undefined && viewChange(entry.next.change, filter) === "modified";
}

function sliceObjects(
	view: Pick<View, "log" | "filter">,
	place: SnapshotPlace,
	maxBytes: number,
): SnapshotSlice {
	const { log, filter } = view;
	const events: WukongEvent[] = [];
	let bytes = 0;
	let last: Wukong | undefined;
	for (const wukong of objectsFrom(view, place)) {
		if (bytes >= maxBytes) return { events: Object.freeze(events), last };
		last = wukong;
		if (!shows(filter, wukong)) continue;
		const event = log.snapshotEvents.of(wukong);
		events.push(event);
		bytes += eventBytes(log, event);
	}
	return { events: Object.freeze(events), last: undefined };
}

/** What there is to say from a place on. */
function objectsFrom(
	{ log, filter }: Pick<View, "log" | "filter">,
	{ version, after }: SnapshotPlace,
): Iterable<Wukong> {
	if (!log.isNewest(version)) return log.objectsAt(version, after);
	if (filter.name !== "" && filter.namespace !== "") {
		const one = after === undefined ? log.state.get(filter) : undefined;
		return one === undefined ? [] : [one];
	}
	const newest = log.state.snapshot();
	return after === undefined ? newest : newest.slice(indexAfter(newest, after));
}

function eventBytes({ sizeBytes }: ChangeLog, { wukong }: WukongEvent): number {
	return eventOverheadBytes + (wukong === undefined ? 0 : sizeBytes(wukong));
}
