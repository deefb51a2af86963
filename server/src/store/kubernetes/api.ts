import type { Agent, IncomingMessage } from "node:http";
import type { JsonObject } from "@bufbuild/protobuf";
import type { ObjectRef } from "../../resource/object.ts";
import type { Unstructured } from "./unstructured.ts";

/** The program that calls the API server, as audit logs and `managedFields` name it. */
export interface Product {
	/**
	 * `fieldManager` of every write.
	 * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers
	 */
	readonly name: string;
	/** User-Agent (RFC 9110, section 10.1.5) of every call, as in `wukong-api/0.1.0`. */
	readonly userAgent: string;
}

/** Header fields of a call; a list is a field for each entry. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** One call of a Kubernetes API. */
export interface ApiCall {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** Below the API server's address, as in `/apis/vm.novasphere.dev/v1alpha1/wukongs`. */
	readonly path: string;
	readonly query?: Readonly<Record<string, string>>;
	/** A list is a JSON Patch (RFC 6902). */
	readonly body?: JsonObject | readonly JsonObject[];
	/** Media type that is asked for. Default: `application/json`. */
	readonly accept?: string;
	/** Further header fields, which win over those of the credentials. Default: none. */
	readonly headers?: HeaderFields | undefined;
	readonly signal?: AbortSignal;
}

/** The calls to one API server: HTTP/1.1, on connections that are kept open. */
export interface ApiCalls {
	readonly product: Product;
	/**
	 * Sends a call. @returns the answer, which is no refusal @throws UpstreamError, the signal's
	 * reason
	 */
	open(call: ApiCall): Promise<IncomingMessage>;
	/** Sends a call and reads the text of its answer. @throws as `open`; "lost" when it is late */
	fetchText(call: ApiCall, timeoutMs: number): Promise<string>;
	/** Sends a call that is answered with a JSON object. @throws as `fetchText`; "garbled" */
	fetchJson(call: ApiCall, timeoutMs: number): Promise<JsonObject>;
}

/** Asks for one page. */
export interface ListRequest {
	/** Largest number of objects. */
	readonly limit: number;
	/** Token of the page before; empty: the first page. */
	readonly continueToken: string;
	/** State at just this version; undefined: the newest state. */
	readonly exactVersion: bigint | undefined;
	readonly signal: AbortSignal;
}

/** One page of a list. */
export interface ListPage {
	readonly items: readonly Unstructured[];
	/** Version of the whole list. */
	readonly version: bigint;
	/** Empty: this was the last page. */
	readonly continueToken: string;
}

/** Asks for a watch. */
export interface WatchRequest {
	/** Changes after this version are asked for, and bookmarks. */
	readonly fromVersion: bigint;
	/** Time after which the API server ends it, in milliseconds; whole seconds. */
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
}

/** The calls that a reflector makes. All fail with UpstreamError. */
export interface Upstream {
	list(request: ListRequest): Promise<ListPage>;
	/** Resolves when the answer's head has come, with the bytes of its body. */
	watch(request: WatchRequest): Promise<AsyncIterable<Uint8Array>>;
}

/** Options of a write. */
export interface WriteRequest {
	/** The API server checks everything and stores nothing. */
	readonly dryRun: boolean;
	/** Whose write it is, where it is not the service's own. Default: the service's. */
	readonly impersonation?: HeaderFields | undefined;
}

/** Preconditions of a deletion. */
export interface DeleteRequest extends WriteRequest {
	readonly uid: string;
	/** Undefined: any. */
	readonly resourceVersion: string | undefined;
}

/**
 * The calls that this store makes. All fail with UpstreamError; reads with the signal's reason,
 * too.
 */
export interface Api extends Upstream {
	/** Calls of the same API server that are about no kind of their own. */
	readonly calls: ApiCalls;
	get(ref: ObjectRef, signal: AbortSignal): Promise<Unstructured>;
	create(
		resource: JsonObject,
		request: WriteRequest & { namespace: string },
	): Promise<Unstructured>;
	/** Needs `metadata.resourceVersion` to be current, else 409 with reason Conflict. */
	replace(resource: Unstructured, request: WriteRequest): Promise<Unstructured>;
	/**
	 * Applies a JSON Patch (RFC 6902) to the object as it is then; each time anew where others write it
	 * meanwhile. A test of it that fails is 422 with no details of the object.
	 */
	patch(ref: ObjectRef, patch: readonly JsonObject[], request: WriteRequest): Promise<Unstructured>;
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

/** What one request to the API server needs. */
export interface Credentials {
	/** Holds the connections, with the cluster's authority and our certificate. */
	readonly agent: Agent;
	/** `Authorization` and the like. */
	readonly headers: Readonly<Record<string, string>>;
}

/** Access to one cluster: its address and credentials. */
export interface ClusterAccess {
	/** URL of the API server. */
	readonly server: URL;
	/** @throws UpstreamError "unreachable" where they cannot be read */
	credentials(): Promise<Credentials>;
	/** Reads the credentials again, because the API server did not accept them. */
	renew(): Promise<void>;
	/** Ends all connections. */
	close(): void;
}
