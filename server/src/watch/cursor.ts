import type { ApiObject } from "../resource/object.ts";
import {
	formatVersion,
	parsePlainVersion,
	parseVersion,
	startOver,
	withoutHash,
} from "../resource/version.ts";
import type { ChangeFeed } from "../store/store.ts";
import type { ChangeLog } from "./change-log.ts";
import { LogPosition } from "./log-position.ts";
import type { ResetCause, WatchObserver } from "./observer.ts";
import type { Slice, View } from "./view.ts";

/** What a cursor says next: shared events, or the control event that its stream is to make. */
export type CursorMessage<E> = readonly E[] | "synced" | "reset";

/**
 * The position of a token is lost. Until RESET is said, that token holds: its reader keeps what it
 * has.
 */
interface Lost {
	readonly at: "reset";
	readonly cause: ResetCause;
	readonly token: string;
}

/** Where a cursor starts. */
export type CursorStart =
	| { readonly at: "snapshot" }
	| Lost
	| { readonly at: "version"; readonly version: bigint };

type CursorState<T extends ApiObject, E> =
	/** Sends RESET, then starts over. */
	| Lost
	/** Sends what there is now. Until SYNCED every token means "start over". */
	| {
			readonly at: "snapshot";
			/** The last object that was passed; no list is held: a reader may stand still for days. */
			readonly after: T | undefined;
			readonly position: LogPosition<T, E>;
	  }
	/** Sends what happened between the resume version and `end`, the log's end when it started. */
	| { readonly at: "catching up"; readonly end: number; readonly position: LogPosition<T, E> }
	/** Sends SYNCED. */
	| { readonly at: "complete"; readonly position: LogPosition<T, E>; readonly token: string }
	/**
	 * Sends what happens. The position itself is the state: thousands of streams save an object each.
	 */
	| LogPosition<T, E>;

/**
 * A stream's position: in a snapshot that is under way, or in the log, seen through a
 * view. It holds no queue, so a slow reader costs nothing. A class: each stream has one.
 */
export class Cursor<T extends ApiObject, E> {
	readonly #view: View<T, E>;
	readonly #observer: WatchObserver;
	#state: CursorState<T, E>;

	constructor(view: View<T, E>, start: CursorStart, observer: WatchObserver) {
		this.#view = view;
		this.#observer = observer;
		this.#state = this.#starting(start);
	}

	/** Name of this phase of a stream. */
	get name(): "open" {
		return "open";
	}

	/** Resume token of what was said so far. */
	get token(): string {
		const state = this.#state;
		switch (state.at) {
			case "snapshot":
				return startOver;
			case "reset":
			case "complete":
				return state.token;
			case "catching up":
				return formatVersion(state.position.version);
			default:
				return formatVersion(state.version);
		}
	}

	/**
	 * Checks that all that the log has was passed. Looked up at each call: news may come between two
	 * turns.
	 */
	get isAtEnd(): boolean {
		const state = this.#state;
		return state.at === "live" && state.isAtEnd;
	}

	/** Passes over changes that the view does not show, as `LogPosition.skipTo` does. */
	skipTo(next: { readonly sequence: number; readonly version: bigint }): void {
		const state = this.#state;
		if (state.at === "live") state.skipTo(next);
		else if ("position" in state) state.position.skipTo(next);
	}

	/**
	 * What comes next, up to about `maxBytes` of binary form; undefined: nothing for now, ask again
	 * after the log's next news.
	 */
	next(maxBytes: number): CursorMessage<E> | undefined {
		for (;;) {
			const state = this.#state;
			const said =
				state.at === "live" ? this.#follow(state, maxBytes) : this.#approach(state, maxBytes);
			if (said !== moved) return said;
		}
	}

	/** What comes before SYNCED, and that. */
	#approach(
		state: Exclude<CursorState<T, E>, LogPosition<T, E>>,
		maxBytes: number,
	): CursorMessage<E> | typeof moved {
		switch (state.at) {
			case "reset":
				this.#observer.reset(state.cause);
				this.#state = this.#snapshot();
				return "reset";
			case "snapshot": {
				const { after, position } = state;
				// What came later is undone: that has to be there.
				if (this.#isLost(position)) return moved;
				const from = { version: position.version, after };
				const { events, last } = this.#view.snapshot(from, maxBytes);
				this.#state =
					last === undefined
						? { at: "complete", position, token: startOver }
						: { ...state, after: last };
				return events.length > 0 ? events : moved;
			}
			case "catching up": {
				const { position, end } = state;
				if (this.#isLost(position)) return moved;
				const slice = position.next(end, maxBytes);
				if (slice !== undefined) return this.#told(slice);
				this.#state = { at: "complete", position, token: formatVersion(position.version) };
				return moved;
			}
			case "complete":
				// Not at a position from which nothing can follow.
				if (this.#isLost(state.position)) return moved;
				this.#state = state.position;
				return "synced";
		}
	}

	#follow(live: LogPosition<T, E>, maxBytes: number): CursorMessage<E> | undefined | typeof moved {
		if (this.#isLost(live)) return moved;
		const slice = live.next(this.#view.log.history.nextSequence, maxBytes);
		return slice && this.#told(slice);
	}

	/** Leaves a position that is lost for a RESET. */
	#isLost(position: LogPosition<T, E>): boolean {
		const cause = position.lost;
		if (cause === undefined) return false;
		this.#state = { at: "reset", cause, token: formatVersion(position.version) };
		return true;
	}

	#told({ events, skipped }: Slice<E>): CursorMessage<E> | typeof moved {
		if (skipped > 0) this.#observer.eventsSkipped(skipped);
		return events.length > 0 ? events : moved;
	}

	#starting(start: CursorStart): CursorState<T, E> {
		switch (start.at) {
			case "snapshot":
				return this.#snapshot();
			case "reset":
				return start;
			case "version":
				return this.#resuming(start.version);
		}
	}

	#resuming(version: bigint): CursorState<T, E> {
		const { history } = this.#view.log;
		if (history.isInGap(version)) {
			return { at: "reset", cause: "expired", token: formatVersion(version) };
		}
		const position = new LogPosition(this.#view, { sequence: history.after(version), version });
		return { at: "catching up", end: history.nextSequence, position };
	}

	#snapshot(): CursorState<T, E> {
		const { log } = this.#view;
		const newest = { sequence: log.history.nextSequence, version: log.head };
		const position = new LogPosition(this.#view, newest);
		return { at: "snapshot", after: undefined, position };
	}
}

/** Returned by a state that has handed over to another one, or has moved on without an event. */
const moved = Symbol("moved");

/** The version is newer than the log: ask the store. */
export interface Ahead {
	readonly at: "ahead";
	readonly version: bigint;
}

/**
 * Decides where a stream with this `resource_version` starts, by what the log
 * holds. A token that cannot be used is RESET, never an error.
 */
export function resumeStart<T extends ApiObject, E>(
	token: string,
	log: ChangeLog<T, E>,
	feed: Pick<ChangeFeed<T>, "exactVersions">,
): CursorStart | Ahead {
	if (token === "") return { at: "snapshot" };
	const version = parsePlainVersion(withoutHash(token));
	if (version === undefined) {
		// A version of more places, or with a suffix, is of a replica that watches other kinds or
		// namespaces: what it leaves out is not known here.
		if (parseVersion(token) !== undefined) return { at: "reset", cause: "foreign", token };
		const cause = token === startOver ? "restarted" : "malformed";
		return { at: "reset", cause, token: startOver };
	}
	if (version < log.history.base) return { at: "reset", cause: "expired", token };
	if (feed.exactVersions && !log.knows(version)) {
		return { at: "reset", cause: "foreign", token };
	}
	if (version > log.head) return { at: "ahead", version };
	return { at: "version", version };
}
