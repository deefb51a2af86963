import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import type { WukongRef } from "../../resource/object.ts";

/** One call of a method, as far as its interceptors know it. */
export interface Call {
	readonly method: DescMethod;
	readonly protocol: CallProtocol;
	/** Names the call in the log and, as `x-request-id`, in the answer. */
	readonly requestId: string;
}

export type CallProtocol = "connect" | "grpc" | "grpc-web" | "grpc-web-text";

/** How a call ended. */
export interface CallEnd {
	readonly durationMs: number;
	/** The VM that the request names; undefined where it names none or was not read. */
	readonly wukong: WukongRef | undefined;
	/** undefined where the call succeeded. */
	readonly failure: CallFailure | undefined;
}

/** How a call failed. */
export interface CallFailure {
	readonly code: Code;
	/** Name of the ErrorReason. */
	readonly reason: string;
	/** What was behind it; never leaves the process. */
	readonly cause: unknown;
}

/** Told of each call that reaches the interceptors. Must not throw. */
export interface CallObserver {
	/** A stream has been opened; unary calls are told only when they end. */
	streamStarted(call: Call, wukong: WukongRef | undefined): void;
	/** A unary call or a stream has ended; once for each. */
	callEnded(call: Call, end: CallEnd): void;
}
