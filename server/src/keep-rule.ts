/** Look-ups that a memory sits out, for each thing it kept in vain. */
const pausePerKept = 8;

/**
 * Decides what a bounded memory keeps. One that is full forgets all and starts over; where it was
 * asked for less than it kept, it sits out a while first: things that come once are dearer to keep
 * than to make.
 */
export class KeepRule {
	readonly #maxKept: number;
	#kept = 0;
	#found = 0;
	#pausedLookUps = 0;

	constructor(maxKept: number) {
		this.#maxKept = maxKept;
	}

	/** Asked before each look-up. False: sit this one out. */
	mayLookUp(): boolean {
		if (this.#pausedLookUps === 0) return true;
		this.#pausedLookUps--;
		return false;
	}

	/** A look-up found something. */
	found(): void {
		this.#found++;
	}

	/** Asked before each thing that is to be kept: "forget all" is the answer where it is full. */
	next(): "keep" | "forget all" | "keep nothing" {
		if (this.#pausedLookUps > 0) return "keep nothing";
		if (this.#kept < this.#maxKept) {
			this.#kept++;
			return "keep";
		}
		if (this.#found < this.#kept) this.#pausedLookUps = pausePerKept * this.#kept;
		this.#kept = 0;
		this.#found = 0;
		return "forget all";
	}
}
