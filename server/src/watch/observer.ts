/** Why a stream had to start over. */
export type ResetCause =
	/** The version was given inside a snapshot that was not complete. */
	| "restarted"
	/** The version is none of ours. */
	| "malformed"
	/** The version is older than the history. */
	| "expired"
	/** The version is of another life of the store. */
	| "foreign"
	/** The store has the version, but did not tell of it in time. */
	| "ahead"
	/** The reader fell behind the history's end. */
	| "lagged"
	/** The store started over. */
	| "reloaded";

/** Told what streams do, for metrics. */
export interface WatchObserver {
	streamOpened(): void;
	streamClosed(): void;
	/** Superseded states that a lagging reader was spared. */
	eventsSkipped(count: number): void;
	reset(cause: ResetCause): void;
}

/** Tells nobody. */
export const silentObserver: WatchObserver = {
	streamOpened() {},
	streamClosed() {},
	eventsSkipped() {},
	reset() {},
};
