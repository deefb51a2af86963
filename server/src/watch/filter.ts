import type { ApiObject, ObjectRef } from "../resource/object.ts";
import type { Selector } from "./selector/selector.ts";

/** A set of namespaces, for who may see these and no others. */
export interface NamespaceSet {
	/** Sorted, each one once; may be empty: then nothing is shown. */
	readonly names: readonly string[];
	has(namespace: string): boolean;
}

/** Makes a set of namespaces; equal sets make equal filters, in whatever order they are given. */
export function createNamespaceSet(namespaces: Iterable<string>): NamespaceSet {
	const set = new Set(namespaces);
	return Object.freeze({
		names: Object.freeze([...set].sort()),
		has: (namespace: string) => set.has(namespace),
	});
}

/** The part of a filter that an object's namespace and name decide. */
export interface Scope {
	/** One namespace, or a set of them. Empty text: all namespaces. */
	readonly namespace: string | NamespaceSet;
	/** Empty: all names. */
	readonly name: string;
}

/** Which objects a list or a watch shows. */
export interface Filter extends Scope {
	readonly selector: Selector;
}

/** True where the filter shows this state of an object. */
export function shows(filter: Filter, object: ApiObject): boolean {
	return (
		holdsNamespace(filter.namespace, object.namespace) &&
		(filter.name === "" || filter.name === object.name) &&
		filter.selector.matches(object.labels)
	);
}

function holdsNamespace(wanted: Scope["namespace"], namespace: string): boolean {
	if (typeof wanted === "string") return wanted === "" || wanted === namespace;
	return wanted.has(namespace);
}

/** The one object that can be in this scope; undefined: there may be several. */
export function onlyRef({ namespace, name }: Scope): ObjectRef | undefined {
	if (name === "" || namespace === "") return undefined;
	if (typeof namespace === "string") return { namespace, name };
	const [only, ...others] = namespace.names;
	return only === undefined || others.length > 0 ? undefined : { namespace: only, name };
}

/** True where both filters show the same, and say it in the same words. */
export function isSameFilter(one: Filter, other: Filter): boolean {
	return (
		isSameNamespace(one.namespace, other.namespace) &&
		one.name === other.name &&
		one.selector.text === other.selector.text
	);
}

function isSameNamespace(one: Scope["namespace"], other: Scope["namespace"]): boolean {
	if (typeof one === "string" || typeof other === "string" || one === other) return one === other;
	return (
		one.names.length === other.names.length &&
		one.names.every((namespace, index) => namespace === other.names[index])
	);
}

/** The text of a filter; equal for equal filters. */
export function filterText({ namespace, name, selector }: Filter): string {
	const namespaces = typeof namespace === "string" ? namespace : namespace.names;
	return JSON.stringify([namespaces, name, selector.text]);
}
