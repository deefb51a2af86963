import type { WukongRef } from "../resource/object.ts";
import type { Filter } from "./filter.ts";
import { NamespacedMap } from "./namespaced-map.ts";

/** The part of a filter that an object's name and namespace decide. */
export type Scope = Pick<Filter, "namespace" | "name">;

/**
 * Finds what an object concerns by its namespace and name, without a look at the rest: ten thousand
 * that each have a namespace of their own cost a change no more than one.
 */
export class ScopeIndex<V> {
	/** Those that a namespace alone does not decide. */
	readonly #everywhere = new Set<V>();
	readonly #byNamespace = new Map<string, Set<V>>();
	readonly #byName = new NamespacedMap<Set<V>>();

	add(scope: Scope, value: V): void {
		const { namespace, name } = scope;
		if (namespace === "") {
			this.#everywhere.add(value);
		} else if (name === "") {
			const found = this.#byNamespace.get(namespace);
			if (found === undefined) this.#byNamespace.set(namespace, new Set([value]));
			else found.add(value);
		} else {
			const found = this.#byName.get(scope);
			if (found === undefined) this.#byName.set(scope, new Set([value]));
			else found.add(value);
		}
	}

	delete(scope: Scope, value: V): void {
		const { namespace, name } = scope;
		if (namespace === "") {
			this.#everywhere.delete(value);
		} else if (name === "") {
			const found = this.#byNamespace.get(namespace);
			if (found?.delete(value) && found.size === 0) this.#byNamespace.delete(namespace);
		} else {
			const found = this.#byName.get(scope);
			if (found?.delete(value) && found.size === 0) this.#byName.delete(scope);
		}
	}

	/** Calls back with each one whose scope holds the object, and perhaps some more. */
	forEach(object: WukongRef, callback: (value: V) => void): void {
		for (const value of this.#everywhere) callback(value);
		for (const value of this.#byNamespace.get(object.namespace) ?? []) callback(value);
		for (const value of this.#byName.get(object) ?? []) callback(value);
	}
}
