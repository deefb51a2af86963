import { type ApiObject, compareRefs, keyOf, type ObjectRef } from "../resource/object.ts";
import type { ChangeFeed, Sources } from "../store/change-feed.ts";
import type { History } from "./history.ts";
import { type LogEntry, movesOthers } from "./log-entry.ts";
import type { Places } from "./places.ts";
import { indexAfter, type State } from "./state.ts";

/** What an older state is made from. */
export interface Past<T extends ApiObject, E> {
	readonly history: History<T, E>;
	readonly state: State<T>;
	readonly join: ChangeFeed<T>["join"] | undefined;
}

/**
 * Returns the objects as they were at the positions of some places: the newest state with all later
 * changes undone, kind by kind.
 * @param after only those behind it; undefined: all
 * @returns undefined where changes before and after a position were merged
 */
export function objectsAt<T extends ApiObject, E>(
	{ history, state, join }: Past<T, E>,
	{ positions }: Places,
	after: ObjectRef | undefined,
): Iterable<T> | undefined {
	const before = new Map<string, Undone<T, E>>();
	for (const entry of history.backTo(history.after(positions))) {
		if (entry.role === "release") continue;
		const { object, kind = 0, version, previous, deleted } = entry.change;
		const position = positions[kind] as bigint;
		const key = keyOf(object);
		let undone = before.get(key);
		if (undone === undefined) {
			const { sources } = entry.change;
			undone = { entries: [], sources, isKept: false, isMixed: false, isClosed: false };
			before.set(key, undone);
		}
		if (undone.isClosed) continue;
		if (version <= position) {
			// What happened to the other kinds while there was no such object is written down nowhere.
			if (previous === undefined && isBeyond(entry.places.positions, positions)) return undefined;
			undone.isKept = true;
			// What came before was about an earlier object of the name.
			undone.isClosed = deleted;
			continue;
		}
		if (entry.oldestVersion <= position) return undefined;
		// A change of another kind that came later, and stays, may be forgotten: what it brought is not known.
		if (entry.sequence < history.firstSequence) return undefined;
		if (deleted) {
			if (isBeyond(positions, entry.places.positions)) return undefined;
			undone.entries = [];
			undone.sources = entry.change.previousSources;
			undone.isKept = false;
			undone.isMixed = false;
		}
		// One of another kind came later, and stays or goes as well: no state that was here is the one before.
		const [newest] = undone.entries;
		undone.isMixed ||=
			undone.isKept ||
			(entry.mergedMovesOthers !== undefined && entry.change.sources !== undefined) ||
			(newest !== undefined && (newest.change.kind ?? 0) !== kind);
		undone.entries.push(entry);
	}
	const changed = new Set<string>();
	const objects: T[] = [];
	for (const [key, { entries, sources, isMixed }] of before) {
		const oldest = entries.at(-1);
		if (oldest === undefined) continue;
		changed.add(key);
		let object = oldest.change.previous;
		if (isMixed) {
			if (join === undefined || sources === undefined) return undefined;
			const then = [...sources];
			for (const entry of entries) {
				const { kind = 0, deleted, previousSources } = entry.change;
				if (movesOthers(entry)) return undefined;
				// The sources that it starts from are those before the deletion already.
				if (!deleted) then[kind] = previousSources?.[kind];
			}
			object = join(then);
		}
		if (object !== undefined) objects.push(object);
	}
	objects.sort(compareRefs);
	return undo(state.snapshot(), { changed, objects }, after);
}

/** The changes of one object that are undone, the newest first. */
interface Undone<T extends ApiObject, E> {
	entries: LogEntry<T, E>[];
	/** Sources of the newest state, or of the one before the deletion that is undone last. */
	sources: Sources | undefined;
	/** A change of it that came later than one of these stays. */
	isKept: boolean;
	/** The state before is none that was here: it is joined anew. */
	isMixed: boolean;
	/** A deletion stays: all before it is about another object. */
	isClosed: boolean;
}

/** True where one of the kinds after the first is further there than here. */
function isBeyond(there: readonly bigint[], here: readonly bigint[]): boolean {
	return there.some((position, kind) => kind > 0 && position > (here[kind] ?? position));
}

/** Puts older states into a sorted list; yields what is behind `after` in it. */
function* undo<T extends ApiObject>(
	newest: readonly T[],
	{ changed, objects }: { readonly changed: ReadonlySet<string>; readonly objects: readonly T[] },
	after: ObjectRef | undefined,
): Iterable<T> {
	let at = after === undefined ? 0 : indexAfter(objects, after);
	for (let index = after === undefined ? 0 : indexAfter(newest, after); ; index++) {
		const untouched = newest[index];
		if (untouched !== undefined && changed.has(keyOf(untouched))) continue;
		for (;;) {
			const next = objects[at];
			if (next === undefined) break;
			if (untouched !== undefined && compareRefs(next, untouched) > 0) break;
			yield next;
			at++;
		}
		if (untouched === undefined) return;
		yield untouched;
	}
}
