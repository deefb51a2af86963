import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { freeze } from "../../resource/freeze.ts";
import { keyOf } from "../../resource/object.ts";
import type { Change } from "../store.ts";
import { createEntry, type Entry } from "./entry.ts";
import { decodeWukong } from "./record.ts";
import type { HistoryRow, RecordRow } from "./storage.ts";

/** The entry that a stored row holds. */
export function entryOf(row: RecordRow): Entry {
	const { requestId, fingerprint } = row;
	return createEntry(decodeWukong(row.object), { requestId, fingerprint });
}

/**
 * The changes of the undo log after `base`, oldest first, with both of their states.
 * The log holds the state before each change; going back from the present, the state
 * after it is where the later change of the same Wukong began.
 * @param entries the present state.
 * @throws Error where a state is missing: the file was tampered with.
 */
export function changesOf(
	rows: readonly HistoryRow[],
	entries: readonly Entry[],
	base: bigint,
): Change[] {
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
