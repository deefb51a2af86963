import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { formatVersion, startOver } from "../resource/version.ts";
import type { Change } from "../store/source.ts";
import { type Filter, shows } from "./filter.ts";

/** What a change is in the view of one stream. */
export type ViewChange = "added" | "modified" | "deleted";

/**
 * A change in the log, with its events. A stream may see one change as any of
 * the three, so each is made once, when first asked for, and shared by all.
 */
export interface LogEntry {
	readonly change: Change;
	/** The next change of the same object, once there is one. */
	next: LogEntry | undefined;
	/** The one shared event of each kind. */
	event(kind: ViewChange): WukongEvent;
}

export function createLogEntry(change: Change): LogEntry {
	const events: Partial<Record<ViewChange, WukongEvent>> = {};
	return {
		change,
		next: undefined,
		event: (kind) => {
			events[kind] ??= createChangeEvent(change, kind);
			return events[kind];
		},
	};
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

const snapshotEvents = new WeakMap<Wukong, WukongEvent>();

/** The ADDED of a snapshot: one for each state of a VM, whatever the number of streams. */
export function snapshotEvent(wukong: Wukong): WukongEvent {
	let event = snapshotEvents.get(wukong);
	if (event === undefined) {
		event = Object.freeze(
			create(WukongEventSchema, { type: EventType.ADDED, wukong, resourceVersion: startOver }),
		);
		snapshotEvents.set(wukong, event);
	}
	return event;
}
