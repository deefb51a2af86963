import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import type { ChangeLog } from "./change-log.ts";
import type { Filter } from "./filter.ts";
import { type LogEntry, viewChange } from "./log-entry.ts";

/** A place in the log that moves on through one filter. */
export interface Follower {
	/** Version up to which everything was passed: a resume from here misses nothing. */
	readonly version: bigint;
	/** Why this place is lost for good; undefined while it is good. */
	lost(): "lagged" | "reloaded" | undefined;
	/**
	 * The next event before sequence number `end`; undefined where there is none.
	 * Needs a place that is not lost.
	 */
	next(end: number): WukongEvent | undefined;
}

/**
 * How far behind, in changes, a reader must be before superseded states are
 * skipped for it. A reader that keeps up sees every state.
 */
export const lagThresholdChanges = 100;

/** Follows the log from `sequence`, which stands right after `version`. */
export function createFollower(options: {
	readonly log: ChangeLog;
	readonly filter: Filter;
	readonly sequence: number;
	readonly version: bigint;
	readonly onSkipped: (count: number) => void;
}): Follower {
	const { log, filter } = options;
	const life = log.life;
	let { sequence, version } = options;

	return {
		get version() {
			// Past the newest change the head itself is passed: it may be a bookmark's.
			const atEnd = life === log.life && sequence === log.history.nextSequence;
			return atEnd ? log.head : version;
		},
		lost() {
			if (life !== log.life) return "reloaded";
			return sequence < log.history.firstSequence ? "lagged" : undefined;
		},
		next(end) {
			const { history } = log;
			let skipped = 0;
			let event: WukongEvent | undefined;
			while (event === undefined && sequence < end) {
				const entry = history.at(sequence);
				const lagging = history.nextSequence - sequence > lagThresholdChanges;
				const kind = viewChange(entry.change, filter);
				sequence++;
				version = entry.change.resumeVersion;
				if (kind === undefined) continue;
				if (lagging && kind === "modified" && isSuperseded(entry, filter)) skipped++;
				else event = entry.event(kind);
			}
			if (skipped > 0) options.onSkipped(skipped);
			return event;
		},
	};
}

/**
 * Only a state that is followed, in this very view, by another MODIFIED of the
 * same object may be skipped: an ADDED or DELETED never goes missing.
 */
function isSuperseded(entry: LogEntry, filter: Filter): boolean {
	return entry.next !== undefined && viewChange(entry.next.change, filter) === "modified";
}
