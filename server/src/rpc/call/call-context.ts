import { randomFillSync } from "node:crypto";
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { Peer, Principal, TicketCarrier } from "../../caller.ts";

/** What the port knows of a call, for interceptors and implementations. */
export interface CallContext {
	/** The caller's `x-request-id` if it is valid, else a new one; the answer carries it. */
	readonly requestId: string;
	/** Name of the protocol, as in `grpc-web`. */
	readonly protocol: string;
	readonly httpVersion: "1.0" | "1.1" | "2.0";
	/** The call came over TLS. */
	readonly secure: boolean;
	/** The other end of the connection: address, port, verified certificate. */
	readonly peer: Peer;
	/** Address of the caller: of the peer or, where that is a trusted proxy, the one before it; may be empty. */
	readonly address: string;
	/** Stream ticket of the request, which its URL holds no more; undefined: there was none. */
	readonly ticket?: TicketCarrier | undefined;
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

/**
 * Names whose answers are counted together while they lie unread; undefined: nobody's, beside the
 * connection's.
 */
export const quotaKey: ContextKey<string | undefined> = createContextKey<string | undefined>(
	undefined,
	{ description: "who leaves answers unread" },
);

/** Creates the URL of a request; its authority was checked before and is not repeated. */
export function localUrl({ secure }: Pick<CallContext, "secure">, path: string): string {
	return `${secure ? "https" : "http"}://localhost${path}`;
}

/** Accepts a caller's request id of 1 to 128 printable ASCII characters, or creates one. */
export function requestIdFrom(given: string | undefined, createRequestId: () => string): string {
	return given !== undefined && /^[!-~]{1,128}$/.test(given) ? given : createRequestId();
}

const idBytes = 16;

/** Random bytes that are drawn at once: for 256 ids. */
const poolBytes = 256 * idBytes;

/**
 * Creates a generator of request ids: UUIDs of version 4 (RFC 9562, 5.4), all of whose free digits
 * are random, so that an id tells nothing about other calls. Random bytes are drawn in bulk: an id
 * costs half of `randomUUID`.
 * @param fillRandom fills its argument with random bytes. Default: Node's.
 */
export function createRequestIds(
	fillRandom: (bytes: Uint8Array) => void = randomFillSync,
): () => string {
	const pool = Buffer.alloc(poolBytes);
	let digits = "";
	let at = 0;

	const refill = () => {
		fillRandom(pool);
		for (let id = 0; id < poolBytes; id += idBytes) {
			pool[id + 6] = ((pool[id + 6] as number) & 0x0f) | 0x40;
			pool[id + 8] = ((pool[id + 8] as number) & 0x3f) | 0x80;
		}
		digits = pool.toString("hex");
		at = 0;
	};
	return () => {
		if (at === digits.length) refill();
		const from = at;
		const part = (start: number, end: number) => digits.slice(from + start, from + end);
		at += 2 * idBytes;
		return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
	};
}
