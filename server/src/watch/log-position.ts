import type { ApiObject } from "../resource/object.ts";
import type { Places } from "./places.ts";
import type { Slice } from "./slice.ts";
import type { NextChange, View } from "./view.ts";

/** A position in the log that moves on through one view. A class: each stream has one. */
export class LogPosition<T extends ApiObject, E> {
	readonly #view: View<T, E>;
	readonly #epoch: number;
	#sequence: number;
	#places: Places;

	/** @param start a sequence number, and the places right before it */
	constructor(view: View<T, E>, start: NextChange) {
		this.#view = view;
		this.#epoch = view.log.epoch;
		this.#sequence = start.sequence;
		this.#places = start.places;
	}

	/** Name of this state of a cursor. */
	get at(): "live" {
		return "live";
	}

	/** Places up to which everything was passed: a resume from here misses nothing. */
	get places(): Places {
		// Past the view's newest change the heads themselves are passed: one may be that of a change which
		// the view does not show, or a bookmark's.
		return this.isAtEnd ? this.#view.log.places : this.#places;
	}

	/** Resume token of these places, for this view. */
	get token(): string {
		return this.places.text + this.#view.suffix;
	}

	/** True where the view has nothing after this position, and the position is not lost. */
	get isAtEnd(): boolean {
		const { log, end } = this.#view;
		return this.#epoch === log.epoch && this.#sequence >= end;
	}

	/**
	 * Reason for which this position is lost for good; undefined while it is good. At the view's end it is
	 * good, however many changes of others the history has forgotten meanwhile.
	 */
	get lost(): "lagged" | "reloaded" | undefined {
		const { log, end } = this.#view;
		if (this.#epoch !== log.epoch) return "reloaded";
		const isForgotten = this.#sequence < log.history.firstSequence && this.#sequence < end;
		return isForgotten ? "lagged" : undefined;
	}

	/**
	 * Passes over changes that the view does not show: from the view's end to right before its next
	 * change, which is not counted in that end yet.
	 * @param next the sequence number of that change, and the places right before it
	 */
	skipTo(next: NextChange): void {
		if (!this.isAtEnd) return;
		this.#sequence = next.sequence;
		this.#places = next.places;
	}

	/**
	 * Moves on, by about `maxBytes` of events, but not past sequence number `end`; undefined: it is
	 * there, or the view has nothing more. Needs a position that is not lost.
	 */
	next(end: number, maxBytes: number): Slice<E> | undefined {
		if (this.#sequence >= end || this.#sequence >= this.#view.end) return undefined;
		const slice = this.#view.changes(this.#sequence, end, maxBytes);
		this.#sequence = slice.end;
		this.#places = slice.places ?? this.#places;
		return slice;
	}
}
