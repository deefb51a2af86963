import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../clock.ts";
import { compareRefs, keyOf, type ObjectRef } from "../resource/object.ts";
import type { Change, HistoryLimits, Sink } from "../store/store.ts";
import { createHistory, type History } from "./history.ts";
import { createSnapshotEvents, type SnapshotEvents } from "./log-entry.ts";
import { createSizes } from "./message-size.ts";
import { createState, indexAfter, type State } from "./state.ts";

/** The one log of this process: newest state, recent history, and who waits for more. */
export interface ChangeLog extends Sink {
	/** False until the store has loaded it. */
	readonly loaded: boolean;
	/** Counts loads; a position of an earlier epoch is lost. */
	readonly epoch: number;
	/** The newest version. */
	readonly head: bigint;
	readonly history: History;
	readonly state: State;
	readonly snapshotEvents: SnapshotEvents;
	/** Bytes of a state in binary form. */
	sizeBytes(wukong: Wukong): number;
	/** Nothing has changed since `version`, which is at most `head`. */
	isNewest(version: bigint): boolean;
	/**
	 * The objects as they were at `version`, in list order: the newest state with later changes
	 * undone, as far as it is read. Nothing of it is kept. Needs `history.base` ≤ version ≤ `head`,
	 * outside of gaps, and no change while it is read.
	 * @param after only those behind it; undefined: all
	 */
	objectsAt(version: bigint, after?: ObjectRef): Iterable<Wukong>;
	/** Calls back with the sequence number of each change, once the state has it and before `onNews`. */
	onChange(callback: (sequence: number) => void): void;
	/**
	 * Calls back at each batch of changes, bookmark or load.
	 * @returns takes the callback back.
	 */
	onNews(callback: () => void): () => void;
	/** Calls back with each state that another one, or the end of its VM, has taken the place of. */
	onSuperseded(callback: (wukong: Wukong) => void): void;
}

export function createChangeLog(options: {
	readonly limits: HistoryLimits;
	readonly clock: Clock;
}): ChangeLog {
	const { limits, clock } = options;
	let history = createHistory(limits, { base: 0n, firstSequence: 0 });
	let state = createState([]);
	let head = 0n;
	let epoch = 0;
	const snapshotEvents = createSnapshotEvents();
	const listeners = new Set<() => void>();
	const onSuperseded = [snapshotEvents.forget];
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
		sizeBytes: createSizes(),
		load(start) {
			epoch++;
			history = createHistory(limits, {
				base: start.base,
				firstSequence: history.nextSequence,
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

function* changesAfter(history: History, version: bigint): Iterable<Change> {
	const oldest = history.after(version);
	for (let sequence = history.nextSequence - 1; sequence >= oldest; sequence--) {
		yield history.at(sequence).change;
	}
}

/** Undoes changes, newest first, on a sorted list; gives what is behind `after` in it. */
function* undo(
	newest: readonly Wukong[],
	changes: Iterable<Change>,
	after: ObjectRef | undefined,
): Iterable<Wukong> {
	const before = new Map<string, Wukong | undefined>();
	for (const change of changes) before.set(keyOf(change.object), change.previous);
	const undone = [...before.values()].filter((wukong) => wukong !== undefined).sort(compareRefs);
	let place = after === undefined ? 0 : indexAfter(undone, after);
	for (let index = after === undefined ? 0 : indexAfter(newest, after); ; index++) {
		const untouched = newest[index];
		if (untouched !== undefined && before.has(keyOf(untouched))) continue;
		for (;;) {
			const next = undone[place];
			if (next === undefined) break;
			if (untouched !== undefined && compareRefs(next, untouched) > 0) break;
			yield next;
			place++;
		}
		if (untouched === undefined) return;
		yield untouched;
	}
}
