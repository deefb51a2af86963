import type { ApiObject } from "../resource/object.ts";
import { heapBytes } from "../resource/object-size.ts";
import type { Change } from "../store/change-feed.ts";
import type { ChangeKind, EventFactory } from "./events.ts";
import type { Places } from "./places.ts";

/**
 * What an entry stands for: a change; or the late telling of changes that were withheld when
 * they came, which is in no kind's history.
 */
export type EntryRole = "change" | "release";

/** Bytes of a change, its entry, its place in the history, and an event. */
const entryOverheadBytes = 768;

/**
 * A change in the history, with its events. A stream may see one change as any of the three kinds,
 * so each is made once, when first asked for, and shared by all.
 */
export class LogEntry<T extends ApiObject, E> {
	readonly sequence: number;
	readonly role: EntryRole;
	/** Live streams are told. False: it is withheld, and a release follows, or there is no news in it. */
	readonly isTold: boolean;
	/** Where a stream is that has read it. */
	readonly places: Places;
	/** Bytes of heap that it takes, the states included that the newest state does not hold. */
	readonly bytes: number;
	/** The change; where earlier ones are merged into it, with the state before these. */
	change: Change<T>;
	/** Version of the oldest change that is merged into it; its own where none is. */
	oldestVersion: bigint;
	/**
	 * Set where changes are merged into it: whether one of them moved other kinds, too. Changes of other
	 * kinds may have come in between, so that the state before is none that was here.
	 */
	mergedMovesOthers: boolean | undefined;
	/** It is no more in the history: forgotten, or merged into a later one. */
	isOut = false;
	/** The entries of the same object before and after it that are in the history. */
	previous: LogEntry<T, E> | undefined;
	next: LogEntry<T, E> | undefined;
	/** The entries before and after it in its ring. */
	older: LogEntry<T, E> | undefined;
	newer: LogEntry<T, E> | undefined;
	readonly #factory: EventFactory<T, E>;
	#events: Partial<Record<ChangeKind, E>> | undefined;

	constructor(change: Change<T>, at: EntryPlace, factory: EventFactory<T, E>) {
		this.change = change;
		this.sequence = at.sequence;
		this.role = at.role;
		this.isTold = at.isTold;
		this.places = at.places;
		this.oldestVersion = change.version;
		this.#factory = factory;
		this.bytes =
			at.role === "release"
				? entryOverheadBytes
				: entryOverheadBytes + heapBytes(change.previous) + heapBytes(lastStateOf(change));
	}

	/** Returns the one shared event of each kind. */
	event(kind: ChangeKind): E {
		this.#events ??= {};
		let event = this.#events[kind];
		if (event === undefined) {
			const { change, places } = this;
			const at = { token: places.text, timeMs: change.timeMs };
			event = this.#factory.change(kind, stateToSend(change, kind), at);
			this.#events[kind] = event;
		}
		return event;
	}

	/** Lets go of its events, and with them of their bytes: only readers that lag ask for them again. */
	forgetEvents(): void {
		this.#events = undefined;
	}
}

/** Where an entry is, and who hears of it. */
export type EntryPlace = Pick<
	LogEntry<ApiObject, unknown>,
	"sequence" | "role" | "isTold" | "places"
>;

/** Returns the last state of an object that is gone: it is nowhere but here. */
function lastStateOf<T extends ApiObject>({ deleted, object }: Change<T>): T | undefined {
	return deleted ? object : undefined;
}

/** Returns the state that an event of the change carries. */
export function stateToSend<T extends ApiObject>(change: Change<T>, kind: ChangeKind): T {
	// A stream that loses sight of an object which goes on elsewhere gets the last state it may see.
	const leaves = kind === "deleted" && !change.deleted;
	return leaves && change.previous !== undefined ? change.previous : change.object;
}

/** True where two states of an object are in the same views. */
export function hasEqualLabels(one: ApiObject, other: ApiObject): boolean {
	if (one.labels === other.labels) return true;
	const names = Object.keys(one.labels);
	return (
		names.length === Object.keys(other.labels).length &&
		names.every((name) => one.labels[name] === other.labels[name])
	);
}

/**
 * True where a change of one kind brought another object of a kind behind it, as a new VM brings its own
 * instance: which one there was before depends on more than is written down.
 */
export function movesOthers<T extends ApiObject, E>({
	change: { kind = 0, deleted, sources, previousSources },
	mergedMovesOthers,
}: LogEntry<T, E>): boolean {
	if (mergedMovesOthers !== undefined) return mergedMovesOthers;
	if (deleted || sources === undefined || previousSources === undefined) return false;
	return sources.some((source, at) => at !== kind && source !== previousSources[at]);
}
