import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { formatVersion, startOver } from "../resource/version.ts";
import { LogPosition } from "./log-position.ts";
import type { ResetCause, WatchObserver } from "./observer.ts";
import type { Slice, View } from "./view.ts";

/** What a cursor says next: shared events, or a mark that its stream fills in. */
export type CursorMessage = readonly WukongEvent[] | "synced" | "reset";

/** The place of a resume token is lost. Until RESET is said, that token holds: its reader keeps what it has. */
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

type State =
	/** Says RESET, then starts over. */
	| Lost
	/** Says what there is now. Until SYNCED every token means "start over". */
	| {
			readonly at: "snapshot";
			/** The last VM that was passed; no list is held: a reader may stand still for days. */
			readonly after: Wukong | undefined;
			readonly position: LogPosition;
	  }
	/** Says what happened between the resume version and `end`, the log's end at its start. */
	| { readonly at: "catching up"; readonly end: number; readonly position: LogPosition }
	/** Says SYNCED. */
	| { readonly at: "complete"; readonly position: LogPosition; readonly token: string }
	/** Says what happens. No object of its own: each of thousands would be one more to touch. */
	| LogPosition;

/**
 * A stream's place: a snapshot under way, or a place in the log, seen through a
 * view. It holds no queue, so a slow reader costs nothing. A class: each stream has one.
 */
export class Cursor {
	readonly #view: View;
	readonly #observer: WatchObserver;
	#state: State;

	constructor(view: View, start: CursorStart, observer: WatchObserver) {
		this.#view = view;
		this.#observer = observer;
		this.#state = this.#starting(start);
	}

	/** As a phase of a stream: it is open. */
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

	/** All that the log has was passed. Looked up at each call: news may come between two turns. */
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
	next(maxBytes: number): CursorMessage | undefined {
		for (;;) {
			const state = this.#state;
			const said =
				state.at === "live" ? this.#follow(state, maxBytes) : this.#approach(state, maxBytes);
			if (said !== moved) return said;
		}
	}

	/** What comes before SYNCED, and that. */
	#approach(state: Exclude<State, LogPosition>, maxBytes: number): CursorMessage | typeof moved {
		switch (state.at) {
			case "reset":
				this.#observer.reset(state.cause);
				this.#state = this.#snapshot();
				return "reset";
			case "snapshot": {
				const { after, position } = state;
				// What came later is undone: that has to be there.
				if (this.#isLost(position)) return moved;
				const place = { version: position.version, after };
				const { events, last } = this.#view.snapshot(place, maxBytes);
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
				// Not at a place from which nothing can follow.
				if (this.#isLost(state.position)) return moved;
				this.#state = state.position;
				return "synced";
		}
	}

	#follow(live: LogPosition, maxBytes: number): CursorMessage | undefined | typeof moved {
		if (this.#isLost(live)) return moved;
		const slice = live.next(this.#view.log.history.nextSequence, maxBytes);
		return slice && this.#told(slice);
	}

	/** A place that is lost is left for a RESET. */
	#isLost(position: LogPosition): boolean {
		const cause = position.lost;
		if (cause === undefined) return false;
		this.#state = { at: "reset", cause, token: formatVersion(position.version) };
		return true;
	}

	#told({ events, skipped }: Slice): CursorMessage | typeof moved {
		if (skipped > 0) this.#observer.eventsSkipped(skipped);
		return events.length > 0 ? events : moved;
	}

	#starting(start: CursorStart): State {
		switch (start.at) {
			case "snapshot":
				return this.#snapshot();
			case "reset":
				return start;
			case "version":
				return this.#resuming(start.version);
		}
	}

	#resuming(version: bigint): State {
		const { history } = this.#view.log;
		if (history.isInGap(version)) {
			return { at: "reset", cause: "expired", token: formatVersion(version) };
		}
		const position = new LogPosition(this.#view, { sequence: history.after(version), version });
		return { at: "catching up", end: history.nextSequence, position };
	}

	#snapshot(): State {
		const { log } = this.#view;
		const place = { sequence: log.history.nextSequence, version: log.head };
		const position = new LogPosition(this.#view, place);
		return { at: "snapshot", after: undefined, position };
	}
}

/** Said by a state that has handed over to another one, or has moved on in silence. */
const moved = Symbol("moved");
