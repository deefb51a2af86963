import { createHash } from "node:crypto";

/** A set of namespaces, for who may see these and no others. */
export interface NamespaceSet {
	/** Sorted, each one once; may be empty: then nothing is shown. */
	readonly names: readonly string[];
	/**
	 * Ends the versions that are given for this set, as in `-s0123456789abcdef`: equal for equal sets, on
	 * any replica.
	 */
	readonly suffix: string;
	has(namespace: string): boolean;
}

/** Hexadecimal digits of a suffix: 64 bits. */
const suffixDigits = 16;

/** Makes a set of namespaces; equal sets make equal filters, in whatever order they are given. */
export function createNamespaceSet(namespaces: Iterable<string>): NamespaceSet {
	const set = new Set(namespaces);
	const names = Object.freeze([...set].sort());
	const hash = createHash("sha256").update(JSON.stringify(names)).digest("hex");
	return Object.freeze({
		names,
		suffix: `-s${hash.slice(0, suffixDigits)}`,
		has: (namespace: string) => set.has(namespace),
	});
}

/** True where both are the same namespace, or sets of the same. */
export function isSameNamespace(one: string | NamespaceSet, other: string | NamespaceSet): boolean {
	if (typeof one === "string" || typeof other === "string" || one === other) return one === other;
	return (
		one.names.length === other.names.length &&
		one.names.every((namespace, index) => namespace === other.names[index])
	);
}
