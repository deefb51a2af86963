import type { ApiObject } from "../resource/object.ts";
import { hasEqualLabels, type LogEntry, movesOthers } from "./log-entry.ts";
import type { Pins } from "./pins.ts";

/**
 * Merges into an entry what stands before it in the history of its object and is of no use beside it:
 * of a change, the one of the same kind before it, if both change neither labels nor existence; of a
 * late telling, the one before it. The entry keeps its own version, the newest, and is what a
 * resume from between the two needs; a page of a version between them is gone. What brings a state back
 * to where it was stays: other kinds may have moved meanwhile.
 * @returns the entry that is to leave the history; undefined: none
 */
export function mergeBefore<T extends ApiObject, E>(
	entry: LogEntry<T, E>,
	pins: Pins,
): LogEntry<T, E> | undefined {
	if (!isPlain(entry)) return undefined;
	const before = comparableBefore(entry);
	if (before === undefined || !isToldAgain(before)) return undefined;
	if (entry.role === "release") return before;
	const kind = entry.change.kind ?? 0;
	if (pins.isBetween(kind, before.change.version, entry.change.version)) return undefined;
	entry.mergedMovesOthers = movesOthers(before) || movesOthers(entry);
	const { previous, previousSources } = before.change;
	entry.change = { ...entry.change, previous, previousSources };
	entry.oldestVersion = before.oldestVersion;
	return before;
}

/** Returns the entry before this one that says the same sort of thing; undefined: one between them says more. */
function comparableBefore<T extends ApiObject, E>(
	entry: LogEntry<T, E>,
): LogEntry<T, E> | undefined {
	const kind = entry.change.kind ?? 0;
	let before = entry.previous;
	for (; before !== undefined && isPlain(before); before = before.previous) {
		if (before.role !== entry.role) continue;
		if (entry.role === "release" || (before.change.kind ?? 0) === kind) return before;
	}
	return undefined;
}

/** True where a reader that has not read `before` is told of its object later on, in the same views. */
function isToldAgain<T extends ApiObject, E>(before: LogEntry<T, E>): boolean {
	if (!before.isTold) return true;
	for (let later = before.next; later !== undefined && isPlain(later); later = later.next) {
		if (later.isTold) return true;
	}
	return false;
}

/** True where an entry changes neither labels nor existence: no view gains or loses its object by it. */
function isPlain<T extends ApiObject, E>({ change }: LogEntry<T, E>): boolean {
	const { previous, object, deleted } = change;
	if (deleted || previous === undefined) return false;
	return previous === object || (previous.uid === object.uid && hasEqualLabels(previous, object));
}
