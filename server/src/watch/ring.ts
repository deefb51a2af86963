import type { ApiObject } from "../resource/object.ts";
import type { LogEntry } from "./log-entry.ts";

/**
 * The entries of one kind in the history, or those of late tellings, in order. Each is forgotten by the
 * limits of its own ring: a flood of one kind does not turn over the history of another. A list that
 * its entries link, so that one may leave from the middle.
 */
export class Ring<T extends ApiObject, E> {
	/** Number of entries. */
	size = 0;
	/** Bytes that they take. */
	bytes = 0;
	oldest: LogEntry<T, E> | undefined;
	/** The first one that was not looked at for merging. */
	toMerge: LogEntry<T, E> | undefined;
	#newest: LogEntry<T, E> | undefined;

	push(entry: LogEntry<T, E>): void {
		entry.older = this.#newest;
		if (this.#newest === undefined) this.oldest = entry;
		else this.#newest.newer = entry;
		this.#newest = entry;
		this.toMerge ??= entry;
		this.size++;
		this.bytes += entry.bytes;
	}

	/** Takes out an entry that is in it. */
	remove(entry: LogEntry<T, E>): void {
		const { older, newer } = entry;
		if (this.toMerge === entry) this.toMerge = newer;
		if (older === undefined) this.oldest = newer;
		else older.newer = newer;
		if (newer === undefined) this.#newest = older;
		else newer.older = older;
		entry.older = undefined;
		entry.newer = undefined;
		this.size--;
		this.bytes -= entry.bytes;
	}
}
