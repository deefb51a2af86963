import type { Clock } from "../clock.ts";
import { type ApiObject, compareRefs, keyOf, type ObjectRef } from "../resource/object.ts";
import type { Change, HistoryLimits, Sink } from "../store/store.ts";
import { createSnapshotEvents, type EventFactory, type SnapshotEvents } from "./events.ts";
import { createHistory, type History } from "./history.ts";
import { createState, indexAfter, type State } from "./state.ts";

/** The log of this process: the newest state, the recent history, and who waits for more. */
export interface ChangeLog<T extends ApiObject, E> extends Sink<T> {
	/** False until the store has loaded it. */
	readonly loaded: boolean;
	/** Counts loads; a position of an earlier epoch is lost. */
	readonly epoch: number;
	/** The newest version. */
	readonly head: bigint;
	readonly history: History<T, E>;
	readonly state: State<T>;
	readonly snapshotEvents: SnapshotEvents<T, E>;
	/** Returns the bytes of a state in binary form, at least. */
	sizeBytes(object: T): number;
	/** Checks that the version is the head, the base, or that of a change in the history. */
	knows(version: bigint): boolean;
	/** Checks that nothing has changed since `version`, which is at most `head`. */
	isNewest(version: bigint): boolean;
	/**
	 * Returns the objects as they were at `version`, in list order: the newest state with later changes
	 * undone, as far as it is read. Nothing of it is kept. Needs `history.base` ≤ version ≤ `head`,
	 * outside of gaps, and no change while it is read.
	 * @param after only those behind it; undefined: all
	 */
	objectsAt(version: bigint, after?: ObjectRef): Iterable<T>;
	/** Calls back with the sequence number of each change, once the state has it and before `onNews`. */
	onChange(callback: (sequence: number) => void): void;
	/**
	 * Calls back at each batch of changes, bookmark or load.
	 * @returns removes the callback
	 */
	onNews(callback: () => void): () => void;
	/** Calls back with each state that a newer one, or the deletion of its object, has replaced. */
	onSuperseded(callback: (object: T) => void): void;
}

export function createChangeLog<T extends ApiObject, E>(options: {
	readonly limits: HistoryLimits;
	readonly events: EventFactory<T, E>;
	readonly clock: Clock;
}): ChangeLog<T, E> {
	const { limits, events, clock } = options;
	let history = createHistory({ limits, events, start: { base: 0n, firstSequence: 0 } });
	let state = createState<T>([]);
	let head = 0n;
	let epoch = 0;
	const snapshotEvents = createSnapshotEvents(events);
	const listeners = new Set<() => void>();
	const onSuperseded: ((object: T) => void)[] = [snapshotEvents.forget];
	const onChange: ((sequence: number) => void)[] = [];

	const tellNews = () => {
		for (const callback of listeners) callback();
	};
	return {
		get loaded() {
			return epoch > 0;
		},
		get epoch() {
			return epoch;
		},
		get head() {
			return head;
		},
		get history() {
			return history;
		},
		get state() {
			return state;
		},
		snapshotEvents,
		sizeBytes: (object) => events.sizeBytes(object),
		load(start) {
			epoch++;
			const { nextSequence } = history;
			history = createHistory({
				...{ limits, events },
				start: { base: start.base, firstSequence: nextSequence },
			});
			for (const change of start.history) history.push(change, clock.nowMs());
			state = createState(start.objects);
			head = start.head;
			tellNews();
		},
		append(changes) {
			for (const change of changes) {
				history.push(change, clock.nowMs());
				state.apply(change);
				head = change.version;
				const { previous } = change;
				if (previous !== undefined) for (const tell of onSuperseded) tell(previous);
				for (const tell of onChange) tell(history.nextSequence - 1);
			}
			tellNews();
		},
		advance(version) {
			if (version <= head) return;
			head = version;
			tellNews();
		},
		knows(version) {
			if (version === head || version === history.base) return true;
			const sequence = history.after(version) - 1;
			return sequence >= history.firstSequence && history.at(sequence).change.version === version;
		},
		isNewest: (version) => history.after(version) === history.nextSequence,
		objectsAt: (version, after) => undo(state.snapshot(), changesAfter(history, version), after),
		onChange: (callback) => void onChange.push(callback),
		onNews(callback) {
			listeners.add(callback);
			return () => listeners.delete(callback);
		},
		onSuperseded: (callback) => void onSuperseded.push(callback),
	};
}

function* changesAfter<T extends ApiObject, E>(
	history: History<T, E>,
	version: bigint,
): Iterable<Change<T>> {
	const oldest = history.after(version);
	for (let sequence = history.nextSequence - 1; sequence >= oldest; sequence--) {
		yield history.at(sequence).change;
	}
}

/** Undoes changes, newest first, on a sorted list; yields what is behind `after` in it. */
function* undo<T extends ApiObject>(
	newest: readonly T[],
	changes: Iterable<Change<T>>,
	after: ObjectRef | undefined,
): Iterable<T> {
	const before = new Map<string, T | undefined>();
	for (const change of changes) before.set(keyOf(change.object), change.previous);
	const undone = [...before.values()].filter((object) => object !== undefined).sort(compareRefs);
	let at = after === undefined ? 0 : indexAfter(undone, after);
	for (let index = after === undefined ? 0 : indexAfter(newest, after); ; index++) {
		const untouched = newest[index];
		if (untouched !== undefined && before.has(keyOf(untouched))) continue;
		for (;;) {
			const next = undone[at];
			if (next === undefined) break;
			if (untouched !== undefined && compareRefs(next, untouched) > 0) break;
			yield next;
			at++;
		}
		if (untouched === undefined) return;
		yield untouched;
	}
}
