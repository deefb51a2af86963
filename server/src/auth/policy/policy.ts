import type { Principal } from "../../caller.ts";
import { createNamespaceSet } from "../../resource/namespace-set.ts";
import type { Namespaces, Verb } from "../authorizer.ts";
import { verbs } from "../authorizer.ts";

/** Who may do what where. */
export interface Binding {
	readonly verbs: ReadonlySet<Verb>;
	/** Names of principals; `*`: each one that has signed in. */
	readonly names: ReadonlySet<string>;
	readonly groups: ReadonlySet<string>;
	/** `*`: all, those to come too. */
	readonly namespaces: ReadonlySet<string>;
}

/** What a policy file says. Immutable; bindings only ever add. */
export interface Policy {
	readonly bindings: readonly Binding[];
}

/** What one principal may do, by verb; what is missing it may do nowhere. */
export type Rights = ReadonlyMap<Verb, Namespaces>;

/** Stands for every name, or every namespace. */
export const everyone = "*";

/** Finds what a policy lets a principal do. */
export function rightsOf({ bindings }: Policy, { name, groups }: Principal): Rights {
	const own = bindings.filter(
		(binding) =>
			binding.names.has(name) ||
			binding.names.has(everyone) ||
			groups.some((group) => binding.groups.has(group)),
	);
	const rights = new Map<Verb, Namespaces>();
	for (const verb of verbs) {
		const namespaces = new Set<string>();
		for (const binding of own) {
			if (!binding.verbs.has(verb)) continue;
			for (const namespace of binding.namespaces) namespaces.add(namespace);
		}
		if (namespaces.size === 0) continue;
		rights.set(verb, namespaces.has(everyone) ? "" : createNamespaceSet(namespaces));
	}
	return rights;
}

const reading = ["get", "list", "watch"] as const;
const pressing = [
	...reading,
	...(["start", "stop", "restart", "pause", "resume"] as const),
] as const;
const editing = [...pressing, "create", "update"] as const;

/** Roles that are there without being written. */
export const builtInRoles: ReadonlyMap<string, ReadonlySet<Verb>> = new Map<
	string,
	ReadonlySet<Verb>
>([
	["viewer", new Set<Verb>(reading)],
	["power", new Set<Verb>(pressing)],
	["editor", new Set<Verb>(editing)],
	["admin", new Set<Verb>(verbs)],
]);
