import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import type { Peer, Principal } from "../../caller.ts";
import type { ObjectRef } from "../../resource/object.ts";
import type { CallContext } from "../../rpc/call/call-context.ts";

/** One call of a method, as observers see it: the same object from its start to its end. */
export interface ObservedCall {
	readonly method: DescMethod;
	readonly protocol: CallProtocol;
	/** Names the call in the log and, as `x-request-id`, in the answer. */
	readonly requestId: string;
	/** The other end of the connection; undefined in an in-memory call. */
	readonly peer: Peer | undefined;
	/** Address of the caller, which is not the peer behind a trusted proxy; undefined in an in-memory call. */
	readonly address: string | undefined;
	/** undefined until an interceptor has authenticated the caller. */
	readonly principal: Principal | undefined;
	/** The VM that the request names; undefined until it is read, and where it names none. */
	readonly target: ObjectRef | undefined;
}

/** Name of the protocol of a call. */
export type CallProtocol = CallContext["protocol"];

/** End of a call. */
export interface CallEnd {
	readonly durationMs: number;
	/** undefined where the call succeeded. */
	readonly failure: CallFailure | undefined;
}

/** Failure of a call. */
export interface CallFailure {
	readonly code: Code;
	/** Name of the ErrorReason. */
	readonly reason: string;
	/** What was behind it; never leaves the process. */
	readonly cause: unknown;
}

/** Hears of each call that reaches the interceptors, unary or stream. Must not throw. */
export interface CallObserver {
	/**
	 * A call has started; nothing of its request is read yet.
	 * @param header of the request, as a tracer needs it; not to be kept: a stream can outlive it by days
	 * @returns what hears the rest of this call, and may serve many of them; undefined: nothing does
	 */
	callStarted(call: ObservedCall, header: Headers): CallListener | undefined;
}

/** Hears of one call after its start. What is left out costs a call nothing. */
export interface CallListener {
	/**
	 * Runs the call, from the next interceptor to its implementation, in a context of the listener's, as
	 * AsyncLocalStorage does. Of a stream this is its opening; its messages are asked for later, when
	 * there is room for them.
	 * @returns what `next` returns
	 */
	run?<T>(next: () => T): T;
	/** The request of a stream is read and accepted. */
	streamOpened?(call: ObservedCall): void;
	/**
	 * Messages of a stream are on their way: how many, at least one. Comes as often as there are
	 * batches.
	 */
	messagesSent?(call: ObservedCall, count: number): void;
	/** The call has ended; once. */
	callEnded?(call: ObservedCall, end: CallEnd): void;
}
