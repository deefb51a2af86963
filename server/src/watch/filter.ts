import { isSameNamespace, type NamespaceSet } from "../resource/namespace-set.ts";
import type { ApiObject, ObjectRef } from "../resource/object.ts";
import type { Selector } from "./selector/selector.ts";

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

/** The text of a filter; equal for equal filters. */
export function filterText({ namespace, name, selector }: Filter): string {
	const namespaces = typeof namespace === "string" ? namespace : namespace.names;
	return JSON.stringify([namespaces, name, selector.text]);
}

/**
 * The text of what was asked for: that of the filter, but equal whatever namespaces rights have left
 * of all of them.
 */
export function queryText(filter: Filter): string {
	return filterText(typeof filter.namespace === "string" ? filter : { ...filter, namespace: "" });
}

/** The end of versions that are given for a scope: a set of namespaces has one of its own. */
export function suffixOf({ namespace }: Scope): string {
	return typeof namespace === "string" ? "" : namespace.suffix;
}
