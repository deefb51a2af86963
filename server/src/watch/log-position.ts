import type { Slice, View } from "./view.ts";

/** A place in the log that moves on through one view. A class: each stream has one. */
export class Follower {
	readonly #view: View;
	readonly #life: number;
	#sequence: number;
	#version: bigint;

	/** @param place a sequence number, and the version right before it */
	constructor(view: View, place: { readonly sequence: number; readonly version: bigint }) {
		this.#view = view;
		this.#life = view.log.life;
		this.#sequence = place.sequence;
		this.#version = place.version;
	}

	/** As a state of a cursor: this is where it has got to. */
	get at(): "live" {
		return "live";
	}

	/** Version up to which everything was passed: a resume from here misses nothing. */
	get version(): bigint {
		// Past the newest change the head itself is passed: it may be a bookmark's.
		return this.isAtEnd ? this.#view.log.head : this.#version;
	}

	/** The log has nothing after this place, and the place is not lost. */
	get isAtEnd(): boolean {
		const { log } = this.#view;
		return this.#life === log.life && this.#sequence === log.history.nextSequence;
	}

	/** Why this place is lost for good; undefined while it is good. */
	get lost(): "lagged" | "reloaded" | undefined {
		const { log } = this.#view;
		if (this.#life !== log.life) return "reloaded";
		return this.#sequence < log.history.firstSequence ? "lagged" : undefined;
	}

	/**
	 * Moves on, by about `maxBytes` of events, but not past sequence number `end`; undefined:
	 * it is there. Needs a place that is not lost.
	 */
	next(end: number, maxBytes: number): Slice | undefined {
		if (this.#sequence >= end) return undefined;
		const slice = this.#view.changes(this.#sequence, end, maxBytes);
		this.#sequence = slice.end;
		this.#version = this.#view.log.history.at(slice.end - 1).change.resumeVersion;
		return slice;
	}
}
