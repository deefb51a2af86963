import type { Principal } from "../caller.ts";
import { ErrorReason, Failure } from "../failure.ts";
import type { NamespaceSet } from "../resource/namespace-set.ts";

/** What can be allowed. A wait for a VM is `get`. */
export const verbs = [
	...(["list", "watch", "get"] as const),
	...(["create", "update", "delete"] as const),
	...(["start", "stop", "restart", "pause", "resume"] as const),
] as const;

export type Verb = (typeof verbs)[number];

/** What a caller wants to do. Nothing else may decide: whether a VM is there has not been looked up. */
export interface Question {
	readonly verb: Verb;
	/** Empty: in all namespaces. */
	readonly namespace: string;
	/** Empty: to all VMs there. */
	readonly name: string;
}

export interface Decision {
	readonly allowed: boolean;
	/** For people, in our own words; names neither bindings nor what is stored. */
	readonly reason: string;
}

/** Says who may do what. Only what it has been asked for counts: it never says yes when it cannot tell. */
export interface Authorizer {
	/**
	 * Decides, at once where it can: a promise costs each call a turn.
	 * @throws UPSTREAM_UNAVAILABLE, TOO_MANY_REQUESTS: nobody can tell now
	 */
	decide(principal: Principal, question: Question): Decision | Promise<Decision>;
	/**
	 * Finds the namespaces in which a principal may do something to all VMs, likewise.
	 * @returns empty text: all of them, those to come too
	 */
	namespacesOf(principal: Principal, verb: Verb): Namespaces | Promise<Namespaces>;
	/**
	 * Calls back when the answers may be other ones.
	 * @param principal who is asked for by the callback: others' changes need not call it. Default: anybody
	 * @returns takes the callback back
	 */
	onChange(callback: () => void, principal?: Principal): () => void;
}

/** Some namespaces; empty text: all of them. */
export type Namespaces = "" | NamespaceSet;

/** True where there is none. */
export function isNone(namespaces: Namespaces): boolean {
	return namespaces !== "" && namespaces.names.length === 0;
}

/**
 * Creates the failure of a call that is not allowed: PERMISSION_DENIED. Its text depends on the question
 * alone, so that it does not tell what there is.
 */
export function permissionDenied({ verb, namespace }: Question): Failure {
	const place = namespace === "" ? "in any namespace" : `in namespace ${namespace}`;
	return new Failure(ErrorReason.PERMISSION_DENIED, `you may not ${verb} wukongs ${place}`);
}
