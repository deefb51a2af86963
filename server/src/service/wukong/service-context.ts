import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { Caller, Principal } from "../../caller.ts";
import { principalKey } from "../../rpc/call/call-context.ts";
import type { Store } from "../../store/store.ts";
import type { Scope } from "../../watch/filter.ts";
import { joinGuards, type StreamGuard } from "../../watch/stream-guard.ts";
import { grantKey } from "../interceptors/authorize.ts";
import type { WukongReplica } from "./wukong-events.ts";

/** Holds what the methods of the service need. */
export interface ServiceContext {
	/** Takes the writes. */
	readonly store: Store;
	/** Answers the reads. */
	readonly replica: WukongReplica;
	/** Namespace of one VM whose namespace is empty. */
	readonly defaultNamespace: string;
	/** Longest silence of a watch whose request asks for none, in milliseconds. */
	readonly heartbeatIntervalMs: number;
	/** Longest wait of WaitWukong, in milliseconds. */
	readonly maxWaitMs: number;
	/** Returns what ends the streams and waits of a principal from outside. Default: nothing does. */
	readonly guardOf?: ((principal: Principal) => StreamGuard) | undefined;
}

/** Returns the guard of a stream or wait; undefined: nobody has asked who calls, or nothing ends it. */
export function guardFor(
	{ guardOf }: Pick<ServiceContext, "guardOf">,
	{ values }: Pick<HandlerContext, "values">,
): StreamGuard | undefined {
	const principal = guardOf && values.get(principalKey);
	const ofCredential = principal && guardOf?.(principal);
	const ofRights = values.get(grantKey)?.guard();
	if (ofCredential === undefined || ofRights === undefined) return ofCredential ?? ofRights;
	return joinGuards(ofCredential, ofRights);
}

/** Returns the namespaces that a watch shows at first: the one that is asked for, or all that it may. */
export function openedNamespaces(
	{ values }: Pick<HandlerContext, "values">,
	namespace: string,
): Scope["namespace"] {
	const grant = values.get(grantKey);
	if (grant === undefined || namespace !== "") return namespace;
	if (grant.opened === undefined) throw new Error("a stream opens before its right is asked for");
	return grant.opened;
}

/**
 * Returns the namespaces that a page of a list shows, likewise. Asks for the right, for each page.
 * @throws PERMISSION_DENIED, UPSTREAM_UNAVAILABLE, TOO_MANY_REQUESTS
 */
export function listedNamespaces(
	{ values }: Pick<HandlerContext, "values">,
	namespace: string,
): Scope["namespace"] | Promise<Scope["namespace"]> {
	const granted = values.get(grantKey)?.namespaces();
	if (granted === undefined) return namespace;
	if (granted instanceof Promise) return granted.then((late) => namespace || late);
	return namespace || granted;
}

/** Returns the `stale_since` of an answer: set while upstream is silent. */
export function staleSince(replica: WukongReplica): Timestamp | undefined {
	const { staleSinceMs } = replica.freshness();
	return staleSinceMs === undefined ? undefined : timestampFromMs(staleSinceMs);
}

/** Returns the caller of a call, for rooms below the service, which know no RPC. */
export function callerOf(context: HandlerContext): Caller {
	return new ContextCaller(context);
}

/** A class, so that neither its signal is made nor its principal looked up before somebody asks. */
class ContextCaller implements Caller {
	readonly #context: HandlerContext;

	constructor(context: HandlerContext) {
		this.#context = context;
	}

	get signal(): AbortSignal {
		return this.#context.signal;
	}

	get principal(): Principal | undefined {
		return this.#context.values.get(principalKey);
	}
}
