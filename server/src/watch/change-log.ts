import type { Clock } from "../clock.ts";
import type { ApiObject, ObjectRef } from "../resource/object.ts";
import type { Change, ChangeFeed, HistoryLimits, KindIndex, Sink } from "../store/change-feed.ts";
import { createSnapshotEvents, type EventFactory, type SnapshotEvents } from "./events.ts";
import { createHistory, type History } from "./history.ts";
import type { EntryRole, LogEntry } from "./log-entry.ts";
import { objectsAt } from "./objects-at.ts";
import { silentObserver, type WatchObserver } from "./observer.ts";
import { createPacer, type Pacing } from "./pacing.ts";
import { createPins, type Hold } from "./pins.ts";
import { Places } from "./places.ts";
import { createState, type State } from "./state.ts";

/** The log of this process: the newest state, the recent history, and who waits for more. */
export interface ChangeLog<T extends ApiObject, E> extends Sink<T> {
	/** False until the store has loaded it. */
	readonly loaded: boolean;
	/** Counts loads; a position of an earlier epoch is lost. */
	readonly epoch: number;
	/** Where a stream is that has read everything: the heads of all kinds, and what is withheld. */
	readonly places: Places;
	readonly history: History<T, E>;
	readonly state: State<T>;
	readonly snapshotEvents: SnapshotEvents<T, E>;
	/** Makes the event of a state that is told at other places than its own. */
	readonly events: EventFactory<T, E>;
	/** Returns the bytes of a state in binary form, at least. */
	sizeBytes(object: T): number;
	/** Checks that the version of kind 0 is the head, the base, or that of a change in the history. */
	knows(version: bigint): boolean;
	/** Checks that nothing has changed since these positions, none of which is beyond the head. */
	isNewest(places: Places): boolean;
	/**
	 * Returns the objects as they were at these positions, in list order: the newest state with later changes
	 * undone, as far as it is read. Nothing of it is kept. Needs positions that are within the history,
	 * and no change while it is read.
	 * @param after only those behind it; undefined: all
	 * @returns undefined where that state can no more be told, because changes across it are merged
	 */
	objectsAt(places: Places, after?: ObjectRef): Iterable<T> | undefined;
	/** Keeps the history from merging across these positions for a while: a page token names them. */
	pin(places: Places): void;
	/** Keeps it from that for a stream, until this is through. Undefined: nothing is ever merged. */
	hold(places: Places): Hold | undefined;
	/**
	 * Calls back with each entry that is told to streams, once the state has it and before `onNews`.
	 * @param callback is given the places before it, too
	 */
	onChange(callback: (entry: LogEntry<T, E>, before: Places) => void): void;
	/**
	 * Calls back at each batch of changes, bookmark, late telling or load.
	 * @returns removes the callback
	 */
	onNews(callback: () => void): () => void;
	/** Calls back with each state that a newer one, or the deletion of its object, has replaced. */
	onSuperseded(callback: (object: T) => void): void;
	/** Leaves no timer: nobody is told any more. */
	close(): void;
}

/** Creates a change log. */
export function createChangeLog<T extends ApiObject, E>(options: {
	readonly limits: HistoryLimits;
	readonly events: EventFactory<T, E>;
	readonly clock: Clock;
	/** Default: none, every change is told as it comes, and nothing is merged. */
	readonly pacing?: Pacing<T> | undefined;
	readonly observer?: WatchObserver;
	/** Needed where objects are joined from several kinds. */
	readonly join?: ChangeFeed<T>["join"];
}): ChangeLog<T, E> {
	const { limits, events, clock, pacing, observer = silentObserver } = options;
	const pins = pacing && createPins(clock);
	const merging = pins && {
		...{ afterMs: pacing.mergeAfterMs, pins },
		onMerged: (kind: KindIndex) => observer.entryMerged(kind),
	};
	const begin = (bases: readonly bigint[], firstSequence: number) =>
		createHistory({ limits, events, merging, start: { bases, firstSequence } });
	let history = begin([0n], 0);
	let state = createState<T>([]);
	let places = new Places([0n]);
	let epoch = 0;
	const snapshotEvents = createSnapshotEvents(events);
	const listeners = new Set<() => void>();
	const onSuperseded: ((object: T) => void)[] = [snapshotEvents.forget];
	const onChange: ((entry: LogEntry<T, E>, before: Places) => void)[] = [];

	const tellNews = () => {
		for (const callback of listeners) callback();
	};
	const pacer =
		pacing &&
		createPacer({
			...{ pacing, clock, observer },
			onRelease(object) {
				const before = places;
				const { positions } = before;
				const version = positions[0] as bigint;
				const at = { version, resumeVersion: version, timeMs: clock.nowMs() };
				places = placesAt(positions);
				push({ ...at, object, previous: object, deleted: false }, before, "release");
			},
			onReleased: tellNews,
		});
	const placesAt = (positions: readonly bigint[], upTo?: Resume): Places => {
		let bases: bigint[] | undefined;
		for (let kind = 0; kind < positions.length; kind++) {
			const position = positions[kind] as bigint;
			let base = pacer?.baseOf(kind) ?? position;
			if (upTo?.kind === kind && upTo.version < base) base = upTo.version;
			if (base >= position) continue;
			bases ??= [...positions];
			bases[kind] = base;
		}
		return new Places(positions, bases);
	};
	const push = (change: Change<T>, before: Places, role: EntryRole, isTold = true) => {
		const entry = history.push(change, { role, isTold, places }, clock.nowMs());
		if (isTold) for (const tell of onChange) tell(entry, before);
	};
	/** Moves to the places behind a change. */
	const pass = ({ kind = 0, version, resumeVersion, gapAfter }: Change<T>) => {
		const positions = [...places.positions];
		positions[kind] = version;
		if (resumeVersion === version) places = placesAt(positions);
		else if (positions.length === 1 && pacer?.baseOf(0) === undefined) {
			// With one kind and nothing withheld, a place is one number: the one to resume from.
			places = new Places(positions, [resumeVersion], true);
		} else places = placesAt(positions, { kind, version: resumeVersion });
		if (gapAfter !== undefined) addGap(kind, gapAfter, version);
	};
	/** Takes a change into history and state. */
	const take = (change: Change<T>) => {
		const before = places;
		const isTold = pacer?.isToldNow(change) ?? change.hasNews !== false;
		pass(change);
		state.apply(change);
		const { previous } = change;
		if (previous !== undefined && previous !== change.object) {
			for (const tell of onSuperseded) tell(previous);
		}
		push(change, before, "change", isTold);
	};
	let gap: { kind: number; until: bigint } | undefined;
	const addGap = (kind: number, after: bigint, until: bigint) => {
		// All changes of one relist name the same one.
		if (gap?.kind === kind && gap.until === until) return;
		gap = { kind, until };
		history.addGap({ kind, after, until });
	};

	return {
		get loaded() {
			return epoch > 0;
		},
		get epoch() {
			return epoch;
		},
		get places() {
			return places;
		},
		get history() {
			return history;
		},
		get state() {
			return state;
		},
		snapshotEvents,
		events,
		sizeBytes: (object) => events.sizeBytes(object),
		load(start) {
			epoch++;
			const { joined = [] } = start;
			pacer?.clear();
			gap = undefined;
			history = begin([start.base, ...joined.map(({ base }) => base)], history.nextSequence);
			places = new Places([...history.bases]);
			state = createState(start.objects);
			for (const change of start.history) {
				pass(change);
				const at = { role: "change", isTold: change.hasNews !== false, places } as const;
				history.push(change, at, clock.nowMs());
			}
			places = new Places([start.head, ...joined.map(({ head }) => head)]);
			tellNews();
		},
		append(changes) {
			for (const change of changes) take(change);
			tellNews();
		},
		advance(version, kind = 0, gapAfter) {
			if (version <= (places.positions[kind] ?? version)) return;
			const positions = [...places.positions];
			positions[kind] = version;
			if (gapAfter !== undefined) addGap(kind, gapAfter, version);
			places = placesAt(positions);
			tellNews();
		},
		knows(version) {
			if (version === places.positions[0] || version === history.bases[0]) return true;
			return history.from(history.after([version - 1n]))?.change.version === version;
		},
		isNewest: ({ positions }) => history.after(positions) === history.nextSequence,
		objectsAt: (at, after) => objectsAt({ history, state, join: options.join }, at, after),
		pin: (at) => pins?.add(at),
		hold: (at) => pins?.hold(at),
		onChange: (callback) => void onChange.push(callback),
		onNews(callback) {
			listeners.add(callback);
			return () => listeners.delete(callback);
		},
		onSuperseded: (callback) => void onSuperseded.push(callback),
		close: () => pacer?.close(),
	};
}

/** The version of a kind to resume from, where others of the same version are still to come. */
interface Resume {
	readonly kind: number;
	readonly version: bigint;
}
