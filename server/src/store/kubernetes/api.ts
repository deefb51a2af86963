import type { JsonObject } from "@bufbuild/protobuf";
import type { ObjectRef } from "../../resource/object.ts";
import type { Unstructured } from "./unstructured.ts";
import type { Upstream } from "./upstream.ts";

/** How a write is meant. */
export interface WriteRequest {
	/** The API server checks everything and stores nothing. */
	readonly dryRun: boolean;
}

/** What a deletion requires of the object that it finds. */
export interface DeleteRequest extends WriteRequest {
	readonly uid: string;
	readonly resourceVersion: string;
}

/** The calls that this store makes. All fail with UpstreamError; reads with the signal's reason, too. */
export interface Api extends Upstream {
	get(ref: ObjectRef, signal: AbortSignal): Promise<Unstructured>;
	create(
		resource: JsonObject,
		request: WriteRequest & { namespace: string },
	): Promise<Unstructured>;
	/** Needs `metadata.resourceVersion` to be current, else 409 with reason Conflict. */
	replace(resource: Unstructured, request: WriteRequest): Promise<Unstructured>;
	/** @returns the object as it waits for its finalizers; undefined where it is gone at once. */
	remove(ref: ObjectRef, request: DeleteRequest): Promise<Unstructured | undefined>;
	/** Ends all connections. */
	close(): void;
}

/** The calls of an operator. The service itself has no right to write a status. */
export interface OperatorApi extends Api {
	/** Takes the status of `resource` and nothing else; conditional like `replace`. */
	replaceStatus(resource: Unstructured): Promise<Unstructured>;
}
