import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { formatVersion, startOver } from "../resource/version.ts";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, shows } from "./filter.ts";
import { createFollower, type Follower } from "./follower.ts";
import { snapshotEvent } from "./log-entry.ts";
import type { ResetCause, WatchObserver } from "./observer.ts";

/** What a cursor says next: a shared event, or a mark that its stream fills in. */
export type CursorMessage = WukongEvent | "synced" | "reset";

/**
 * A stream's place: a snapshot under way, or a place in the log, seen through a
 * filter. It holds no queue, so a slow reader costs nothing.
 */
export interface Cursor {
	/** Resume token of what was said so far. */
	readonly token: string;
	/** What comes next; undefined: nothing for now, ask again after the log's next news. */
	next(): CursorMessage | undefined;
}

/** Where a cursor starts. */
export type CursorStart =
	| { readonly at: "snapshot" }
	| { readonly at: "reset"; readonly cause: ResetCause }
	| { readonly at: "version"; readonly version: bigint };

/** Said by a state that has handed over to another one. */
const moved = Symbol("moved");

interface CursorState {
	readonly token: string;
	next(): CursorMessage | undefined | typeof moved;
}

export function createCursor(options: {
	readonly log: ChangeLog;
	readonly filter: Filter;
	readonly start: CursorStart;
	readonly observer: WatchObserver;
}): Cursor {
	const { log, filter, observer, start } = options;
	let state = starting();

	function starting(): CursorState {
		switch (start.at) {
			case "snapshot":
				return snapshot();
			case "reset":
				return reset(start.cause);
			case "version":
				return log.history.isInGap(start.version)
					? reset("expired")
					: catchingUp(follow(log.history.after(start.version), start.version));
		}
	}

	function enter(next: CursorState): typeof moved {
		state = next;
		return moved;
	}

	function follow(sequence: number, version: bigint): Follower {
		return createFollower({ log, filter, sequence, version, onSkipped: observer.eventsSkipped });
	}

	/** Says RESET, then starts over. */
	function reset(cause: ResetCause): CursorState {
		let said = false;
		return {
			token: startOver,
			next() {
				if (said) return enter(snapshot());
				said = true;
				observer.reset(cause);
				return "reset";
			},
		};
	}

	/** Says what there is now. Until SYNCED every token means "start over". */
	function snapshot(): CursorState {
		const objects = candidates();
		const follower = follow(log.history.nextSequence, log.head);
		let index = 0;
		return {
			token: startOver,
			next() {
				for (;;) {
					const wukong = objects[index++];
					if (wukong === undefined) return enter(complete(follower));
					if (shows(filter, wukong)) return snapshotEvent(wukong);
				}
			},
		};
	}

	function candidates(): readonly Wukong[] {
		if (filter.name === "" || filter.namespace === "") return log.state.snapshot();
		const one = log.state.get(filter);
		return one === undefined ? [] : [one];
	}

	/** Says what happened between the resume version and now. */
	function catchingUp(follower: Follower): CursorState {
		const end = log.history.nextSequence;
		return following(follower, () => follower.next(end) ?? enter(complete(follower)));
	}

	/** Says SYNCED, but not at a place from which nothing can follow. */
	function complete(follower: Follower): CursorState {
		return following(follower, () => {
			enter(live(follower));
			return "synced";
		});
	}

	/** Says what happens. */
	function live(follower: Follower): CursorState {
		return following(follower, () => follower.next(log.history.nextSequence));
	}

	/** Says what `say` does, as long as the place in the log is not lost. */
	function following(follower: Follower, say: CursorState["next"]): CursorState {
		return {
			get token() {
				return formatVersion(follower.version);
			},
			next() {
				const lost = follower.lost();
				return lost === undefined ? say() : enter(reset(lost));
			},
		};
	}

	return {
		get token() {
			return state.token;
		},
		next() {
			for (;;) {
				const said = state.next();
				if (said !== moved) return said;
			}
		},
	};
}
