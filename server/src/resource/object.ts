/** The namespace and name of one object. */
export interface ObjectRef {
	readonly namespace: string;
	readonly name: string;
}

/** What every kind of object has, and all that a watch needs to know of one. */
export interface ApiObject extends ObjectRef {
	/** Tells an object from a later one of its name. */
	readonly uid: string;
	readonly labels: { readonly [key: string]: string };
	/** The version of this state; see `parseVersion`. */
	readonly resourceVersion: string;
}

/** A map key for a reference. Neither part can hold a slash. */
export function keyOf(ref: ObjectRef): string {
	return `${ref.namespace}/${ref.name}`;
}

/**
 * Orders by namespace, then name, bytewise: the order of a list. Both are
 * ASCII, so comparing code units compares bytes.
 */
export function compareRefs(a: ObjectRef, b: ObjectRef): number {
	if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
	if (a.name !== b.name) return a.name < b.name ? -1 : 1;
	return 0;
}
