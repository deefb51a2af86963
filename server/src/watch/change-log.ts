import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../clock.ts";
import { compareRefs, keyOf } from "../resource/wukong-ref.ts";
import type { Change, HistoryLimits, Sink } from "../store/source.ts";
import { createHistory, type History } from "./history.ts";
import { createState, type State } from "./state.ts";

/** The one log of this process: newest state, recent history, and who waits for more. */
export interface ChangeLog extends Sink {
	/** False until the source has loaded it. */
	readonly loaded: boolean;
	/** Counts loads: a cursor of an earlier life has lost its place. */
	readonly life: number;
	/** The newest version. */
	readonly head: bigint;
	readonly history: History;
	readonly state: State;
	/**
	 * The objects as they were at `version`, in list order: the newest state with
	 * later changes undone. Needs `history.base` ≤ version ≤ `head`, outside of gaps.
	 */
	snapshotAt(version: bigint): readonly Wukong[];
	/**
	 * Calls back at each change, bookmark or load.
	 * @returns takes the callback back.
	 */
	onNews(callback: () => void): () => void;
}

/** How many older snapshots are kept, so that the pages of one list are cheap. */
const maxOldSnapshots = 8;

export function createChangeLog(options: {
	readonly limits: HistoryLimits;
	readonly clock: Clock;
}): ChangeLog {
	const { limits, clock } = options;
	let history = createHistory(limits, { base: 0n, firstSequence: 0 });
	let state = createState([]);
	let head = 0n;
	let life = 0;
	const listeners = new Set<() => void>();
	const oldSnapshots = new Map<bigint, readonly Wukong[]>();

	const tellNews = () => {
		for (const callback of listeners) callback();
	};
	return {
		get loaded() {
			return life > 0;
		},
		get life() {
			return life;
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
		load(start) {
			life++;
			oldSnapshots.clear();
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
			}
			tellNews();
		},
		advance(version) {
			if (version <= head) return;
			head = version;
			tellNews();
		},
		snapshotAt(version) {
			if (history.after(version) === history.nextSequence) return state.snapshot();
			let snapshot = oldSnapshots.get(version);
			if (snapshot === undefined) {
				snapshot = undo(state.snapshot(), changesAfter(history, version));
				for (const oldest of oldSnapshots.keys()) {
					if (oldSnapshots.size < maxOldSnapshots) break;
					oldSnapshots.delete(oldest);
				}
				oldSnapshots.set(version, snapshot);
			}
			return snapshot;
		},
		onNews(callback) {
			listeners.add(callback);
			return () => listeners.delete(callback);
		},
	};
}

function* changesAfter(history: History, version: bigint): Iterable<Change> {
	const oldest = history.after(version);
	for (let sequence = history.nextSequence - 1; sequence >= oldest; sequence--) {
		yield history.at(sequence).change;
	}
}

/** Undoes changes, newest first, on a sorted list. */
function undo(newest: readonly Wukong[], changes: Iterable<Change>): readonly Wukong[] {
	const before = new Map<string, Wukong | undefined>();
	for (const change of changes) before.set(keyOf(change.object), change.previous);
	const untouched = newest.filter((wukong) => !before.has(keyOf(wukong)));
	const undone = [...before.values()].filter((wukong) => wukong !== undefined);
	return [...untouched, ...undone].sort(compareRefs);
}
