import type { ObjectRef } from "../resource/object.ts";
import type { Scope } from "./filter.ts";
import { NamespacedMap } from "./namespaced-map.ts";

/**
 * Finds what an object concerns by its namespace and name, without a look at the rest: ten thousand
 * that each have a namespace of their own cost a change no more than one.
 */
export class ScopeIndex<V> {
	/** Values that a namespace alone does not decide. */
	readonly #everywhere = new Set<V>();
	readonly #byNamespace = new Map<string, Set<V>>();
	readonly #byName = new NamespacedMap<Set<V>>();

	add({ namespace, name }: Scope, value: V): void {
		if (namespace === "") {
			this.#everywhere.add(value);
			return;
		}
		for (const one of namesOf(namespace)) {
			if (name === "") {
				const found = this.#byNamespace.get(one);
				if (found === undefined) this.#byNamespace.set(one, new Set([value]));
				else found.add(value);
			} else {
				const ref = { namespace: one, name };
				const found = this.#byName.get(ref);
				if (found === undefined) this.#byName.set(ref, new Set([value]));
				else found.add(value);
			}
		}
	}

	/** Takes out what was added with an equal scope. */
	delete({ namespace, name }: Scope, value: V): void {
		if (namespace === "") {
			this.#everywhere.delete(value);
			return;
		}
		for (const one of namesOf(namespace)) {
			if (name === "") {
				const found = this.#byNamespace.get(one);
				if (found?.delete(value) && found.size === 0) this.#byNamespace.delete(one);
			} else {
				const ref = { namespace: one, name };
				const found = this.#byName.get(ref);
				if (found?.delete(value) && found.size === 0) this.#byName.delete(ref);
			}
		}
	}

	/** Calls back with each value whose scope holds the object, and possibly some more. */
	forEach(object: ObjectRef, callback: (value: V) => void): void {
		for (const value of this.#everywhere) callback(value);
		for (const value of this.#byNamespace.get(object.namespace) ?? []) callback(value);
		for (const value of this.#byName.get(object) ?? []) callback(value);
	}
}

/** Bytes that a scope takes in an index and in a filter, besides a text of its names. */
export function scopeBytes({ namespace }: Scope): number {
	if (typeof namespace === "string") return entryBytes;
	return namespace.names.reduce((sum, one) => sum + entryBytes + 2 * one.length, 0);
}

/** A set of its own, its entry, and the entry in a set of namespaces. */
const entryBytes = 512;

function namesOf(namespace: Scope["namespace"]): readonly string[] {
	return typeof namespace === "string" ? [namespace] : namespace.names;
}
