import { type ApiObject, compareRefs, type ObjectRef } from "../resource/object.ts";
import type { Change } from "../store/change-feed.ts";
import { NamespacedMap } from "./namespaced-map.ts";

/**
 * The objects as they are at the head of the log, in list order. A snapshot is
 * an array of references that is shared until the next change: ten thousand
 * streams that start at one version hold one array.
 */
export interface State<T extends ApiObject> {
	get(ref: ObjectRef): T | undefined;
	/** Returns everything in list order, in an array that never changes afterwards. */
	snapshot(): readonly T[];
	apply(change: Change<T>): void;
	/** Returns the namespaces of all objects. */
	namespaces(): Iterable<string>;
	/** Rises when the namespaces are others. */
	readonly namespacesRevision: number;
}

/** Creates the state of the given objects. */
export function createState<T extends ApiObject>(objects: readonly T[]): State<T> {
	const byRef = new NamespacedMap<T>();
	for (const object of objects) byRef.set(object, object);
	let sorted = [...objects].sort(compareRefs);
	let shared = false;

	return {
		get: (ref) => byRef.get(ref),
		namespaces: () => byRef.namespaces(),
		get namespacesRevision() {
			return byRef.revision;
		},
		snapshot() {
			shared = true;
			return sorted;
		},
		apply({ object, deleted }) {
			if (shared) {
				sorted = sorted.slice();
				shared = false;
			}
			const index = indexOf(sorted, object);
			if (deleted) {
				if (byRef.delete(object)) sorted.splice(index, 1);
			} else {
				sorted.splice(index, byRef.get(object) === undefined ? 0 : 1, object);
				byRef.set(object, object);
			}
		},
	};
}

/** Returns the index of the first one behind `ref` in a sorted list. */
export function indexAfter(sorted: readonly ObjectRef[], ref: ObjectRef): number {
	const index = indexOf(sorted, ref);
	const found = sorted[index];
	return found !== undefined && compareRefs(found, ref) === 0 ? index + 1 : index;
}

/** Returns the index at which `ref` is in a sorted list, or would be. */
export function indexOf(sorted: readonly ObjectRef[], ref: ObjectRef): number {
	let low = 0;
	let high = sorted.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		const candidate = sorted[middle];
		if (candidate !== undefined && compareRefs(candidate, ref) < 0) low = middle + 1;
		else high = middle;
	}
	return low;
}
