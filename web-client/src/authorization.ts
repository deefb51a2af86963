import type { Transport } from "@connectrpc/connect";
import type { Environment } from "./live/environment.ts";
import type { OpenStream, Renewal, StreamMessage } from "./live/follow.ts";
import type { TokenSource } from "./token.ts";

/** Whose token goes with the calls, and for how long a call waits for it. */
export interface AuthorizationOptions extends Pick<Environment, "clock" | "random"> {
	readonly token: TokenSource;
	/** Aborted when the client is closed. */
	readonly signal: AbortSignal;
	/** Deadline of a call that has none of its own, in milliseconds; undefined: the transport's. */
	readonly defaultTimeoutMs: number | undefined;
}

/** Wraps what opens streams: they go over to another token ahead of the end of theirs. */
export type HandOver = <Message extends StreamMessage>(
	open: OpenStream<Message>,
) => OpenStream<Message>;

/** A transport whose calls carry a token, and where another one comes from. */
export interface Authorization extends Transport {
	readonly renewal: Renewal;
	readonly handOver: HandOver;
}
