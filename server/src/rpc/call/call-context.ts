import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { Peer, Principal } from "../../caller.ts";
import type { Protocol } from "../protocol/content-type.ts";

/** What the port knows of a call, for interceptors and implementations. */
export interface CallContext {
	/** The caller's `x-request-id` if it is valid, else a new one; the answer carries it. */
	readonly requestId: string;
	/** Connect's forms for unary calls and for streams are one protocol. */
	readonly protocol: Exclude<Protocol, "connect-stream">;
	readonly httpVersion: "1.0" | "1.1" | "2.0";
	/** The call came over TLS. */
	readonly secure: boolean;
	/** The other end of the connection: address, port, verified certificate. */
	readonly peer: Peer;
}

/** Finds the {@link CallContext} in the context values of a call; undefined in in-memory calls. */
export const callContextKey: ContextKey<CallContext | undefined> = createContextKey<
	CallContext | undefined
>(undefined, { description: "call context of the port" });

/**
 * Finds the {@link Principal} in the context values of a call. An interceptor between the call
 * interceptor and validation sets it; undefined: nobody has asked who calls.
 */
export const principalKey: ContextKey<Principal | undefined> = createContextKey<
	Principal | undefined
>(undefined, { description: "principal of the call" });

/** Accepts a caller's request id of 1 to 128 printable ASCII characters, or creates one. */
export function requestIdFrom(given: string | undefined, createRequestId: () => string): string {
	return given !== undefined && /^[!-~]{1,128}$/.test(given) ? given : createRequestId();
}
