import type { Clock } from "../clock.ts";
import type { ApiObject } from "../resource/object.ts";
import { startOver } from "../resource/version.ts";
import type { Freshness } from "../store/change-feed.ts";

/** What a change is in the view of one stream. */
export type ChangeKind = "added" | "modified" | "deleted";

/** Makes the events of one kind of object: all that a watch needs to know of a kind's messages. */
export interface EventFactory<T extends ApiObject, E> {
	/**
	 * Makes the event of a change, frozen: all streams that see the change are given the same one.
	 * @param object the state that it carries: of a deletion, the last one that the stream may see
	 * @param token where a stream that has read it resumes
	 */
	change(kind: ChangeKind, object: T, at: { readonly token: string; readonly timeMs: number }): E;
	/** Makes the ADDED of a snapshot, which carries the start-over token. Frozen likewise. */
	snapshot(object: T): E;
	/** Makes an event that belongs to one stream alone and carries no object. */
	control(kind: ControlKind, at: ControlStamp): E;
	/** Returns the bytes of an object in binary form: not less, and for a usual one about as many. */
	sizeBytes(object: T): number;
}

/** The events that carry no object. */
export type ControlKind = "synced" | "heartbeat" | "reset";

/** What a control event says of its stream and of the store. */
export interface ControlStamp {
	readonly token: string;
	readonly timeMs: number;
	/** Currency of the data; undefined in a RESET, which says nothing about it. */
	readonly freshness: Freshness | undefined;
	/** Time at which the stream ends, because its credential does, in milliseconds since 1970; undefined: it does not. */
	readonly expireTimeMs: number | undefined;
}

/** Makes the control events of all streams of a replica. */
export interface ControlEvents<E> {
	synced(token: string, expireTimeMs: number | undefined): E;
	heartbeat(token: string, expireTimeMs: number | undefined): E;
	reset(): E;
}

/** Creates the events that are no changes. */
export function createControlEvents<T extends ApiObject, E>(options: {
	readonly events: EventFactory<T, E>;
	readonly clock: Clock;
	readonly freshness: () => Freshness;
}): ControlEvents<E> {
	const { events, clock, freshness } = options;
	const current = (kind: ControlKind, token: string, expireTimeMs: number | undefined) =>
		events.control(kind, { token, timeMs: clock.nowMs(), freshness: freshness(), expireTimeMs });
	const nothing = { freshness: undefined, expireTimeMs: undefined };
	return {
		synced: (token, expireTimeMs) => current("synced", token, expireTimeMs),
		heartbeat: (token, expireTimeMs) => current("heartbeat", token, expireTimeMs),
		reset: () => events.control("reset", { token: startOver, timeMs: clock.nowMs(), ...nothing }),
	};
}

/**
 * Keeps the ADDED of snapshots: one for the newest state of each object, whatever the number of
 * streams.
 */
export interface SnapshotEvents<T extends ApiObject, E> {
	of(object: T): E;
	/** Lets go of the event of a state that is no longer the newest. */
	forget(object: T): void;
}

/** Creates the events of snapshots. */
export function createSnapshotEvents<T extends ApiObject, E>(
	events: Pick<EventFactory<T, E>, "snapshot">,
): SnapshotEvents<T, E> {
	const known = new WeakMap<T, E>();
	return {
		of(object) {
			let event = known.get(object);
			if (event === undefined) {
				event = events.snapshot(object);
				known.set(object, event);
			}
			return event;
		},
		forget: (object) => void known.delete(object),
	};
}
