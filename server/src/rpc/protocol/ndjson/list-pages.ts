import type { BatchedStream } from "../../batched-stream.ts";

/** One page of a list. */
export interface ItemPage<T> {
	readonly items: readonly T[];
	/** Reads the page behind this one; undefined: there is none. */
	readonly next: (() => ItemPage<T> | Promise<ItemPage<T>>) | undefined;
}

/** Items that are taken at a time: the writer takes until it has a slice of bytes. */
const itemsPerTake = 8;

/**
 * The items of all pages of a list as one stream, which ends well. It holds one page at a time, and
 * reads the next one when that is taken. A class, because its parts change one another.
 */
export class ListPages<T> implements BatchedStream<T> {
	/** undefined: a page is being read. */
	#page: ItemPage<T> | undefined;
	#at = 0;
	#isClosed = false;
	#failure: { readonly reason: unknown } | undefined;
	#waiting: { ready(): void } | undefined;

	constructor(first: ItemPage<T> | Promise<ItemPage<T>>) {
		this.#read(() => first);
	}

	take(): readonly T[] {
		if (this.#failure !== undefined) throw this.#failure.reason;
		const page = this.#page;
		if (page === undefined || this.#isClosed) return [];
		const items = page.items.slice(this.#at, this.#at + itemsPerTake);
		this.#at += items.length;
		if (this.#at >= page.items.length && page.next !== undefined) this.#read(page.next);
		return items;
	}

	get hasMore(): boolean {
		if (this.#failure !== undefined) return true;
		return !this.#isClosed && this.#page !== undefined && this.#at < this.#page.items.length;
	}

	get isComplete(): boolean {
		const isRead = this.#page !== undefined && this.#at >= this.#page.items.length;
		return !this.#isClosed && this.#failure === undefined && isRead;
	}

	onReady(waiter: { ready(): void }): void {
		this.#waiting = waiter;
		if (this.hasMore || this.isComplete || this.#isClosed) this.#wake();
	}

	close(reason?: unknown): void {
		this.#isClosed = true;
		this.#page = undefined;
		if (reason !== undefined) this.#failure ??= { reason };
		this.#wake();
	}

	async *[Symbol.asyncIterator](): AsyncIterator<T> {
		try {
			while (!this.#isClosed) {
				yield* this.take();
				if (this.isComplete) return;
				if (!this.hasMore) await new Promise<void>((ready) => this.onReady({ ready }));
			}
		} finally {
			this.close();
		}
	}

	/** Reads a page: at once where it is there, so that a stream costs no turn for each. */
	#read(page: () => ItemPage<T> | Promise<ItemPage<T>>): void {
		this.#page = undefined;
		try {
			const read = page();
			if (!(read instanceof Promise)) {
				this.#receive(read);
				return;
			}
			read.then(
				(received) => this.#receive(received),
				(reason: unknown) => this.#fail(reason),
			);
		} catch (reason) {
			this.#fail(reason);
		}
	}

	#receive(page: ItemPage<T>): void {
		if (this.#isClosed) return;
		this.#page = page;
		this.#at = 0;
		// A page may be empty without being the last one (AIP-158).
		if (page.items.length === 0 && page.next !== undefined) this.#read(page.next);
		else this.#wake();
	}

	#fail(reason: unknown): void {
		this.#failure ??= { reason };
		this.#wake();
	}

	#wake(): void {
		const waiter = this.#waiting;
		this.#waiting = undefined;
		waiter?.ready();
	}
}
