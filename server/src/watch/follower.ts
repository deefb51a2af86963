import type { Slice, View } from "./view.ts";

/** A place in the log that moves on through one view. A class: each stream has one. */
export class Follower {
	readonly #view: View;
	readonly #life: number;
	readonly #startSequence: number;
	readonly #startVersion: bigint;
	#sequence: number;

	/** @param start a sequence number, and the version right before it */
	constructor(view: View, start: { readonly sequence: number; readonly version: bigint }) {
		this.#view = view;
		this.#life = view.log.life;
		this.#startSequence = start.sequence;
		this.#startVersion = start.version;
		this.#sequence = start.sequence;
	}

	/** As a state of a cursor: this is where it has got to. */
	get at(): "live" {
		return "live";
	}

	/**
	 * Version up to which everything was passed: a resume from here misses nothing. An older one where
	 * the history has forgotten it.
	 */
	get version(): bigint {
		const { log } = this.#view;
		const isLost = this.lost !== undefined;
		// Past the newest change the head itself is passed: it may be a bookmark's.
		if (!isLost && this.#sequence === log.history.nextSequence) return log.head;
		// Not noted with each step: thousands take one, and each note would be looked at in a collection.
		const last = this.#sequence - 1;
		const isKept = !isLost && last >= log.history.firstSequence && last >= this.#startSequence;
		return isKept ? log.history.at(last).change.resumeVersion : this.#startVersion;
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
		return slice;
	}
}
