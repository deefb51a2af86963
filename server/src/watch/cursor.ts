import type { ApiObject } from "../resource/object.ts";
import { parseVersion, setSuffixIn, startOver } from "../resource/version.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import { LogPosition } from "./log-position.ts";
import type { ResetCause, WatchObserver } from "./observer.ts";
import type { Hold } from "./pins.ts";
import { Places, parsePlaces } from "./places.ts";
import type { ResumedSpan } from "./resumed-slice.ts";
import type { Slice } from "./slice.ts";
import type { NextChange, View } from "./view.ts";

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
	| { readonly at: "places"; readonly places: Places };

type CursorState<T extends ApiObject, E> =
	/** Sends RESET, then starts over. */
	| Lost
	/** Sends what there is now. Until SYNCED every token means "start over". */
	| {
			readonly at: "snapshot";
			/** The last object that was passed; no list is held: a reader may stand still for days. */
			readonly after: T | undefined;
			readonly position: LogPosition<T, E>;
			/** From the second slice on. */
			readonly hold: Hold | undefined;
	  }
	/** Sends each change between the resume version and `end`, the log's end when it started. */
	| { readonly at: "catching up"; readonly end: number; readonly position: LogPosition<T, E> }
	/** Sends the newest state of what changed in the span; `position` is where that ends. */
	| {
			readonly at: "resuming";
			readonly from: number;
			readonly span: ResumedSpan;
			readonly position: LogPosition<T, E>;
			readonly hold: Hold | undefined;
	  }
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
				return state.position.token;
			case "resuming":
				return state.span.token;
			default:
				return state.token;
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
	skipTo(next: NextChange): void {
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
				const { after, position, hold } = state;
				// What came later is undone: that has to be there.
				if (this.#isLost(position)) return moved;
				const { places } = position;
				const slice = this.#view.snapshot({ places, after }, maxBytes);
				if (slice === undefined) return this.#lose("lagged", startOver);
				const { events, last } = slice;
				if (last === undefined) {
					hold?.release();
					this.#state = { at: "complete", position, token: startOver };
				} else {
					hold?.refresh();
					this.#state = { ...state, after: last, hold: hold ?? this.#view.log.hold(places) };
				}
				return events.length > 0 ? events : moved;
			}
			case "catching up": {
				const { position, end } = state;
				if (this.#isLost(position)) return moved;
				const slice = position.next(end, maxBytes);
				if (slice !== undefined) return this.#told(slice);
				this.#state = { at: "complete", position, token: position.token };
				return moved;
			}
			case "resuming": {
				const { position, span, from, hold } = state;
				if (from >= span.end) {
					hold?.release();
					this.#state = { at: "complete", position, token: span.token };
					return moved;
				}
				const { history } = this.#view.log;
				const isTorn = !history.reachesBackTo(span.bases) || hold?.refresh() === false;
				const cause = isTorn ? "lagged" : position.lost;
				if (cause !== undefined) return this.#lose(cause, span.token);
				const slice = this.#view.resumed(from, span, maxBytes);
				this.#state = { ...state, from: slice.end };
				return this.#told(slice);
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
		this.#lose(cause, position.token);
		return true;
	}

	#lose(cause: ResetCause, token: string): typeof moved {
		this.#state = { at: "reset", cause, token };
		return moved;
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
			case "places":
				return this.#resuming(start.places);
		}
	}

	#resuming(places: Places): CursorState<T, E> {
		const { suffix } = this.#view;
		const { history, places: heads } = this.#view.log;
		const { bases } = places;
		if (history.hasLost(places)) {
			return { at: "reset", cause: "expired", token: places.text + suffix };
		}
		const from = history.after(bases);
		const end = history.nextSequence;
		// With one kind, and all of it told as it came, each change is sent as the others were sent it.
		if (bases.length === 1 && bases === places.positions && history.lastWithheld < from) {
			const position = new LogPosition(this.#view, { sequence: from, places });
			return { at: "catching up", end, position };
		}
		const token = new Places(heads.positions, bases).text + suffix;
		const span = { end, bases, token };
		const position = new LogPosition(this.#view, { sequence: end, places: heads });
		const hold = from < end ? this.#view.log.hold(heads) : undefined;
		return { at: "resuming", from, span, position, hold };
	}

	#snapshot(): CursorState<T, E> {
		const { log } = this.#view;
		const newest = { sequence: log.history.nextSequence, places: log.places };
		const position = new LogPosition(this.#view, newest);
		return { at: "snapshot", after: undefined, position, hold: undefined };
	}
}

/** Returned by a state that has handed over to another one, or has moved on without an event. */
const moved = Symbol("moved");

/** A version of a kind is newer than the log: ask the store. */
export interface Ahead {
	readonly at: "ahead";
	readonly kind: number;
	readonly version: bigint;
}

/**
 * Decides where a stream with this `resource_version` starts, by what the log
 * holds. A token that cannot be used is RESET, never an error.
 */
export function resumeStart<T extends ApiObject, E>(
	token: string,
	{ log, suffix }: Pick<View<T, E>, "log" | "suffix">,
	feed: Pick<ChangeFeed<T>, "exactVersions">,
): CursorStart | Ahead {
	if (token === "") return { at: "snapshot" };
	// What its reader holds is what it might read then.
	if (suffix !== setSuffixIn(token) && parseVersion(token) !== undefined) {
		return { at: "reset", cause: "rights", token };
	}
	const places = parsePlaces(token.slice(0, token.length - suffix.length));
	if (places === undefined || places.positions.length !== log.places.positions.length) {
		// A version of other places, or with a suffix, is of a replica that watches other kinds or
		// namespaces: what it leaves out is not known here.
		if (parseVersion(token) !== undefined) return { at: "reset", cause: "foreign", token };
		const cause = token === startOver ? "restarted" : "malformed";
		return { at: "reset", cause, token: startOver };
	}
	const { positions, bases } = places;
	if (!log.history.reachesBackTo(bases)) return { at: "reset", cause: "expired", token };
	if (feed.exactVersions && positions.length === 1 && !log.knows(positions[0] ?? 0n)) {
		return { at: "reset", cause: "foreign", token };
	}
	const kind = places.kindAhead(log.places);
	if (kind !== undefined) return { at: "ahead", kind, version: positions[kind] ?? 0n };
	return { at: "places", places };
}
