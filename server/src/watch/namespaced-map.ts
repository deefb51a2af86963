import type { ObjectRef } from "../resource/object.ts";

/** A map by namespace and name, in two steps: no key has to be joined for a look-up. */
export class NamespacedMap<T> {
	readonly #namespaces = new Map<string, Map<string, T>>();
	#revision = 0;

	/** Rises when a namespace gets its first entry, or loses its last one. */
	get revision(): number {
		return this.#revision;
	}

	/** Returns the namespaces that have entries. */
	namespaces(): Iterable<string> {
		return this.#namespaces.keys();
	}

	get({ namespace, name }: ObjectRef): T | undefined {
		return this.#namespaces.get(namespace)?.get(name);
	}

	set({ namespace, name }: ObjectRef, value: T): void {
		let names = this.#namespaces.get(namespace);
		if (names === undefined) {
			names = new Map();
			this.#namespaces.set(namespace, names);
			this.#revision++;
		}
		names.set(name, value);
	}

	/** @returns true where it was there */
	delete({ namespace, name }: ObjectRef): boolean {
		const names = this.#namespaces.get(namespace);
		if (names === undefined || !names.delete(name)) return false;
		if (names.size === 0) {
			this.#namespaces.delete(namespace);
			this.#revision++;
		}
		return true;
	}
}
