import type { Transport } from "@connectrpc/connect";
import type { Clock } from "./live/environment.ts";
import type { Renewal } from "./live/follow.ts";
import type { TokenSource } from "./token.ts";

/** Whose token goes with the calls, and for how long a call waits for it. */
export interface AuthorizationOptions {
	readonly token: TokenSource;
	readonly clock: Clock;
	/** Aborted when the client is closed. */
	readonly signal: AbortSignal;
	/** Deadline of a call that has none of its own, in milliseconds; undefined: the transport's. */
	readonly defaultTimeoutMs: number | undefined;
}

/** A transport whose calls carry a token, and where another one comes from. */
export interface Authorization extends Transport {
	readonly renewal: Renewal;
}
