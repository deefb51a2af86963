import type { ContextKey, ContextValues } from "@connectrpc/connect";

/**
 * What interceptors leave for one another and for the implementation. A class, and a list that is
 * searched from its start: a call has two or three of them.
 */
export class CallValues implements ContextValues {
	/** Keys and values by turns. */
	readonly #entries: unknown[];

	/** With one value to begin with. */
	constructor({ id }: ContextKey<unknown>, value: unknown) {
		this.#entries = [id, value];
	}

	get<T>(key: ContextKey<T>): T {
		const at = this.#find(key);
		return at === -1 ? key.defaultValue : (this.#entries[at + 1] as T);
	}

	set<T>(key: ContextKey<T>, value: T): this {
		const at = this.#find(key);
		if (at === -1) this.#entries.push(key.id, value);
		else this.#entries[at + 1] = value;
		return this;
	}

	delete(key: ContextKey<unknown>): this {
		const at = this.#find(key);
		if (at !== -1) this.#entries.splice(at, 2);
		return this;
	}

	#find({ id }: ContextKey<unknown>): number {
		for (let at = 0; at < this.#entries.length; at += 2) if (this.#entries[at] === id) return at;
		return -1;
	}
}
