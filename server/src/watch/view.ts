import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, shows } from "./filter.ts";
import { type LogEntry, viewChange } from "./log-entry.ts";

/** Events in a row. Frozen, and one for all streams that are told the same. */
export interface Slice {
	readonly events: readonly WukongEvent[];
	/** Where the next one begins: a sequence number, or a place in the objects of a snapshot. */
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
	/** The ADDED of `objects` from place `from` on, likewise. */
	snapshot(objects: readonly Wukong[], from: number, maxBytes: number): Slice;
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
	let snapshot: Kept | undefined;
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
				changes.of !== end ||
				changes.maxBytes !== maxBytes ||
				changes.nextSequence !== nextSequence
			) {
				const slice = sliceChanges({ log, filter }, { from, end, maxBytes });
				changes = { of: end, from, maxBytes, nextSequence, slice };
			}
			return changes.slice;
		},
		snapshot(objects, from, maxBytes) {
			if (snapshot?.from !== from || snapshot.of !== objects || snapshot.maxBytes !== maxBytes) {
				const slice = sliceObjects({ log, filter }, objects, { from, maxBytes });
				snapshot = { of: objects, from, maxBytes, slice };
			}
			return snapshot.slice;
		},
		close: forgetNews,
	};
}

/** The last slice, and what it is of. */
interface Kept extends Bounds {
	/** The end of changes, or the objects of a snapshot. */
	readonly of: unknown;
	readonly slice: Slice;
}

/** What is superseded depends on the log's end too. */
interface KeptChanges extends Kept {
	readonly nextSequence: number;
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
	{ log, filter }: Pick<View, "log" | "filter">,
	objects: readonly Wukong[],
	{ from, maxBytes }: Bounds,
): Slice {
	const events: WukongEvent[] = [];
	let place = from;
	let bytes = 0;
	while (bytes < maxBytes) {
		const wukong = objects[place];
		if (wukong === undefined) break;
		place++;
		if (!shows(filter, wukong)) continue;
		const event = log.snapshotEvents.of(wukong);
		events.push(event);
		bytes += eventBytes(log, event);
	}
	return { events: Object.freeze(events), end: place, skipped: 0 };
}

function eventBytes({ sizeBytes }: ChangeLog, { wukong }: WukongEvent): number {
	return eventOverheadBytes + (wukong === undefined ? 0 : sizeBytes(wukong));
}
