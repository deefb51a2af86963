import {
	type Authorizer,
	type Namespaces,
	type Question,
	type Verb,
	verbs,
} from "../../server/src/auth/authorizer.ts";
import type { Principal } from "../../server/src/caller.ts";
import type { Failure } from "../../server/src/failure.ts";
import { createNamespaceSet } from "../../server/src/resource/namespace-set.ts";

/** An authorizer that a test plays by hand. */
export interface FakeAuthorizer extends Authorizer {
	/** Gives a principal these verbs in these namespaces, in place of what it had; "": in all of them. */
	allow(name: string, namespaces: "" | readonly string[], allowed?: readonly Verb[]): void;
	/** From now on answers come later, or with a failure, or again at once. */
	become(mood: "late" | Failure | undefined): void;
	/** Questions in their order; one for all namespaces has none. */
	readonly asked: (Question & { readonly principal: string })[];
	/** Callbacks that are waiting for a change. */
	readonly listeners: number;
}

export function createFakeAuthorizer(): FakeAuthorizer {
	const rights = new Map<string, { readonly in: Namespaces; readonly verbs: readonly Verb[] }>();
	const listeners = new Set<() => void>();
	const asked: FakeAuthorizer["asked"] = [];
	let mood: "late" | Failure | undefined;

	const answer = <T>(value: T): T | Promise<T> => {
		if (mood === undefined) return value;
		if (mood === "late") return Promise.resolve().then(() => value);
		throw mood;
	};
	const namespacesOf = ({ name }: Principal, verb: Verb): Namespaces => {
		const found = rights.get(name);
		return found?.verbs.includes(verb) ? found.in : createNamespaceSet([]);
	};
	return {
		asked,
		get listeners() {
			return listeners.size;
		},
		allow(name, namespaces, allowed = verbs) {
			const set = namespaces === "" ? "" : createNamespaceSet(namespaces);
			rights.set(name, { in: set, verbs: allowed });
			for (const listener of [...listeners]) listener();
		},
		become(next) {
			mood = next;
			for (const listener of [...listeners]) listener();
		},
		decide(principal, question) {
			asked.push({ ...question, principal: principal.name });
			const found = namespacesOf(principal, question.verb);
			const allowed = found === "" || found.has(question.namespace);
			return answer({ allowed, reason: allowed ? "yes" : "no" });
		},
		namespacesOf(principal, verb) {
			asked.push({ verb, namespace: "", name: "", principal: principal.name });
			return answer(namespacesOf(principal, verb));
		},
		onChange(callback) {
			const own = () => callback();
			listeners.add(own);
			return () => void listeners.delete(own);
		},
	};
}

/** A principal by its name, in these groups. */
export function principalOf(name: string, ...groups: string[]): Principal {
	return { name, groups, method: "key", credentialId: `${name}'s` };
}
