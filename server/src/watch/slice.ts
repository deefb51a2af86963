import type { ApiObject } from "../resource/object.ts";
import type { Change } from "../store/change-feed.ts";
import type { ChangeKind } from "./events.ts";
import { type Filter, shows } from "./filter.ts";
import type { Places } from "./places.ts";

/** Events in a row. Frozen, and one for all streams at the same position. */
export interface Slice<E> {
	readonly events: readonly E[];
	/** Sequence number where the next one begins. */
	readonly end: number;
	/** Superseded states that are left out. */
	readonly skipped: number;
	/** Where a stream is that has read them; undefined: where it was. */
	readonly places: Places | undefined;
}

/** Bytes that an event takes besides its object. */
export const eventOverheadBytes = 64;

/** Returns what the change is in a view with this filter; undefined: nothing. */
export function viewChange<T extends ApiObject>(
	change: Change<T>,
	filter: Filter,
): ChangeKind | undefined {
	const before = change.previous !== undefined && shows(filter, change.previous);
	const after = !change.deleted && shows(filter, change.object);
	if (before) return after ? "modified" : "deleted";
	return after ? "added" : undefined;
}
