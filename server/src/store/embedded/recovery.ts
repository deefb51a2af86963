import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { freeze } from "../../resource/freeze.ts";
import { keyOf } from "../../resource/object.ts";
import type { Change, HistoryLimits, StoreState } from "../change-feed.ts";
import { createHistoryWindow, type HistoryWindow, markOf } from "./history-window.ts";
import { createEntry, decodeWukong, type Entry } from "./record.ts";
import type { Contents, HistoryRow, RecordRow } from "./storage.ts";
import { createVersionClock, type VersionClock } from "./version-clock.ts";

/** The memory that the store continues with. */
export interface Recovery {
	readonly entries: readonly Entry[];
	readonly state: StoreState;
	readonly window: HistoryWindow;
	readonly versions: VersionClock;
}

/** Rebuilds the store's memory from what its storage holds. @throws where that makes no sense. */
export function recover(contents: Contents, limits: HistoryLimits, clock: Clock): Recovery {
	const window = createHistoryWindow(contents.base, contents.history.map(markOf), limits);
	const base = window.baseWith([], clock.nowMs());
	window.accept([], base);
	const entries = contents.records.map(entryOf);
	const state: StoreState = {
		objects: entries.map(({ published }) => published),
		head: contents.head,
		history: changesOf(contents.history, entries, base),
		base,
	};
	return { entries, state, window, versions: createVersionClock(contents.head, clock) };
}

/** Decodes the entry of a stored row. */
function entryOf(row: RecordRow): Entry {
	const { requestId, fingerprint } = row;
	return createEntry(decodeWukong(row.object), { requestId, fingerprint });
}

/**
 * Rebuilds the changes of the undo log after `base`, oldest first, each with both states.
 * The log holds the state before each change; going back from the present, the state
 * after it is where the later change of the same Wukong began.
 * @param entries the present state.
 * @throws Error where a state is missing: the file was tampered with.
 */
function changesOf(rows: readonly HistoryRow[], entries: readonly Entry[], base: bigint): Change[] {
	const states = new Map<string, Wukong | undefined>();
	for (const { published } of entries) states.set(keyOf(published), published);
	const changes: Change[] = [];
	for (const row of rows.toReversed()) {
		if (row.version <= base) break;
		const { version, timeMs, deleted } = row;
		const previous = row.previous && freeze(decodeWukong(row.previous));
		const object = deleted ? previous : states.get(keyOf(row));
		if (object === undefined) throw new Error(`the history lacks a state at version ${version}`);
		states.set(keyOf(row), previous);
		changes.push({ version, resumeVersion: version, timeMs, object, previous, deleted });
	}
	return changes.reverse();
}
