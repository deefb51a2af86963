import type { DescMessage, JsonObject } from "@bufbuild/protobuf";
import type { Failure, FieldViolation } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import type { Unstructured } from "./unstructured.ts";

/** Names a resource in paths of the Kubernetes API: `/apis/<group>/<version>/…/<plural>`. */
export interface GroupVersionResource {
	/** API group, as in `vm.novasphere.dev`. */
	readonly group: string;
	/** Version of the group, as in `v1alpha1`. */
	readonly version: string;
	/** Plural name in paths, as in `wukongs`. */
	readonly plural: string;
}

/** What every object of a kind has, in the form that callers see. */
export interface ClusterObject extends ObjectRef {
	readonly uid: string;
	readonly resourceVersion: string;
}

/**
 * One kind of object in a cluster: all that lists, watches and the object cache need to know of it.
 * Whatever else they use is `metadata`.
 */
export interface ResourceKind<T extends ClusterObject> extends GroupVersionResource {
	/** `kind` of one object, as in `Wukong`. */
	readonly kind: string;
	/**
	 * Reads an object as callers may see it: immutable and without credentials. What cannot be read
	 * is left out: one odd object must not keep all others from being served.
	 * @param previous an earlier state of the name, of which equal parts are shared. Default: none
	 */
	read(raw: Unstructured, previous?: T): T;
	/**
	 * Checks whether a state differs from the one before it in anything that is kept of the kind and is
	 * news: a stamp that is renewed without a change is none.
	 */
	isNews(previous: T, next: T): boolean;
	/**
	 * Returns what callers see of an object that is gone: its last state, with a deletion time.
	 * @param nowMs the time where it has none, in milliseconds since 1970
	 */
	markDeleted(last: T, nowMs: number): T;
}

/** The request that created an object. */
export interface Origin {
	/** Empty: none was given. */
	readonly requestId: string;
	/** Digest of its content without credentials. */
	readonly fingerprint: string;
}

/** A kind that is written, too. */
export interface WritableKind<T extends ClusterObject, Edit> extends ResourceKind<T> {
	/** Returns the resource of a new object: what the request gave, credentials included. */
	toResource(given: T, origin: Origin): JsonObject;
	/** Reads the origin that `toResource` noted. */
	originOf(raw: Unstructured): Origin;
	/**
	 * Applies an edit to a resource; undefined where it changes nothing.
	 * @param nowMs time of a note about the edit itself, in milliseconds since 1970
	 */
	applyEdit(raw: Unstructured, edit: Edit, nowMs: number): Unstructured | undefined;
	/** Lists the credentials in a resource: whatever comes back must not repeat them. */
	secretsIn(resource: JsonObject): string[];
	/** Names of the object and its fields in requests, for violations. */
	readonly request: {
		/** Field of the object in a request, as in `wukong`. */
		readonly field: string;
		/** The message whose JSON names are those of the resource. */
		readonly schema: DescMessage;
	};
	readonly failures: KindFailures;
}

/** Creates the failures that name the kind. */
export interface KindFailures {
	notFound(ref: ObjectRef): Failure;
	alreadyExists(ref: ObjectRef): Failure;
	requestIdReused(ref: ObjectRef): Failure;
	invalid(violations: readonly FieldViolation[]): Failure;
}

/** Returns a resource's `apiVersion`, as in `vm.novasphere.dev/v1alpha1`. */
export function apiVersionOf({ group, version }: GroupVersionResource): string {
	return `${group}/${version}`;
}
