import type { ObjectRef } from "../resource/object.ts";
import type { KindIndex } from "../store/change-feed.ts";

/** The reasons for which a stream has to start over. */
export type ResetCause =
	/** The version was given inside a snapshot that was not complete. */
	| "restarted"
	/** The text is no version. */
	| "malformed"
	/** The version is older than the history. */
	| "expired"
	/** The version is of another history of the store, or of a replica that watches other kinds. */
	| "foreign"
	/** The store has the version, but did not bring it in time. */
	| "ahead"
	/** The caller may read other namespaces than it did, or than the version was given for. */
	| "rights"
	/** The reader is so slow that the history has dropped what it has not read. */
	| "lagged"
	/** The store started over. */
	| "reloaded";

/** Hears what streams do, for metrics. */
export interface WatchObserver {
	/** A stream has been opened, or a wait, which counts as one. */
	streamOpened(): void;
	streamClosed(): void;
	/** Counts superseded states that were not sent to a lagging reader. */
	eventsSkipped(count: number): void;
	reset(cause: ResetCause): void;
	/** Counts a change of a kind whose telling is withheld, because it follows another one of its object. */
	withheld(kind: KindIndex): void;
	/** Counts a change of a kind that was merged, in the history, into a later one of its object. */
	entryMerged(kind: KindIndex): void;
	/** Names an object of which many changes in a row were withheld; it may be named again. */
	noisy(object: ObjectRef): void;
}

/** An observer that does nothing. */
export const silentObserver: WatchObserver = {
	streamOpened() {},
	streamClosed() {},
	eventsSkipped() {},
	reset() {},
	withheld() {},
	entryMerged() {},
	noisy() {},
};
