import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { formatVersion, startOver } from "../resource/version.ts";
import type { Change } from "../store/store.ts";
import { type Filter, shows } from "./filter.ts";
import { heapBytes } from "./heap-size.ts";

/** What a change is in the view of one stream. */
export type ViewChange = "added" | "modified" | "deleted";

/**
 * A change in the log, with its events. A stream may see one change as any of
 * the three, so each is made once, when first asked for, and shared by all.
 */
export interface LogEntry {
	readonly change: Change;
	/** Bytes of heap that it takes, the states included that the newest state does not hold. */
	readonly bytes: number;
	/** The next change of the same object, once there is one. */
	next: LogEntry | undefined;
	/** The one shared event of each kind. */
	event(kind: ViewChange): WukongEvent;
	/** Forgets its events, and with them their bytes: only readers that lag ask for them again. */
	forgetEvents(): void;
}

/** A change, its entry, its place in the history, and an event. */
const entryOverheadBytes = 768;

export function createLogEntry(change: Change): LogEntry {
	let events: Partial<Record<ViewChange, WukongEvent>> = {};
	return {
		change,
		bytes: entryOverheadBytes + heapBytes(change.previous) + heapBytes(lastStateOf(change)),
		next: undefined,
		event: (kind) => {
			events[kind] ??= createChangeEvent(change, kind);
			return events[kind];
		},
		forgetEvents() {
			events = {};
		},
	};
}

/** A VM that is gone has its last state here alone. */
function lastStateOf({ deleted, object }: Change): Wukong | undefined {
	return deleted ? object : undefined;
}

/** What the change is for a stream with this filter; undefined: nothing. */
export function viewChange(change: Change, filter: Filter): ViewChange | undefined {
	const before = change.previous !== undefined && shows(filter, change.previous);
	const after = !change.deleted && shows(filter, change.object);
	if (before) return after ? "modified" : "deleted";
	return after ? "added" : undefined;
}

const types = {
	added: EventType.ADDED,
	modified: EventType.MODIFIED,
	deleted: EventType.DELETED,
} as const;

function createChangeEvent(change: Change, kind: ViewChange): WukongEvent {
	// Who loses sight of a VM that goes on elsewhere gets the last state it may see.
	const leaves = kind === "deleted" && !change.deleted;
	const wukong = leaves && change.previous !== undefined ? change.previous : change.object;
	return Object.freeze(
		create(WukongEventSchema, {
			type: types[kind],
			wukong,
			resourceVersion: formatVersion(change.resumeVersion),
			time: timestampFromMs(change.timeMs),
		}),
	);
}

/** The ADDED of snapshots: one for each newest state of a VM, whatever the number of streams. */
export interface SnapshotEvents {
	of(wukong: Wukong): WukongEvent;
	/** The state is no longer the newest of its VM. */
	forget(wukong: Wukong): void;
}

export function createSnapshotEvents(): SnapshotEvents {
	const events = new WeakMap<Wukong, WukongEvent>();
	return {
		of(wukong) {
			let event = events.get(wukong);
			if (event === undefined) {
				event = Object.freeze(
					create(WukongEventSchema, { type: EventType.ADDED, wukong, resourceVersion: startOver }),
				);
				events.set(wukong, event);
			}
			return event;
		},
		forget: (wukong) => void events.delete(wukong),
	};
}
