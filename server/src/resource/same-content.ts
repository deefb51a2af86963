/**
 * Checks whether two values are equal through and through: plain objects, messages and lists of them,
 * with texts, numbers and the like in them. An object's prototype does not count. Several times faster than
 * `isDeepStrictEqual`, which every change of every object would pay for.
 */
export function isSameContent(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
		return typeof a === "number" && Object.is(a, b);
	}
	if (!Array.isArray(a)) return !Array.isArray(b) && areSameFields(a, b);
	if (!Array.isArray(b) || a.length !== b.length) return false;
	return a.every((part, index) => isSameContent(part, b[index]));
}

/** Checks whether two objects are equal but for some of their own fields, which are not looked at. */
export function areSameFields(a: object, b: object, ...ignored: readonly string[]): boolean {
	let count = 0;
	for (const key of Object.keys(a)) {
		if (ignored.includes(key)) continue;
		count++;
		if (!Object.hasOwn(b, key)) return false;
		if (!isSameContent(a[key as keyof typeof a], b[key as keyof typeof b])) return false;
	}
	for (const key of Object.keys(b)) if (!ignored.includes(key)) count--;
	return count === 0;
}
