import type { ConnectError, Interceptor, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import type { WukongRef } from "../../resource/object.ts";
import { reasonIn, toConnectError } from "../errors/connect-error.ts";
import { abortReasonOf } from "./abort-reason.ts";
import type { Call, CallFailure, CallObserver } from "./call-observer.ts";
import { callTarget } from "./call-target.ts";
import { observedStream, type StreamHooks } from "./observed-stream.ts";

type Request = UnaryRequest | StreamRequest;

export interface CallInterceptorOptions {
	/** Told of every call, in this order. */
	readonly observers: readonly CallObserver[];
	/** What the transport knows of the call. */
	readonly contextOf: (request: Request) => Pick<Call, "requestId" | "protocol">;
	readonly clock: Clock;
}

/**
 * The outermost interceptor: turns whatever a call fails with into the error that the caller
 * gets, and tells the observers how the call ended. That a call ends at its deadline, and when
 * its caller leaves, is the transport's part.
 */
export function createCallInterceptor(options: CallInterceptorOptions): Interceptor {
	return (next) => async (request) => {
		const record = new CallRecord(request, options);
		try {
			const response = await next(request);
			if (!response.stream) {
				record.ended();
				return response;
			}
			record.streamStarted();
			return { ...response, message: observedStream(response.message, record, request) };
		} catch (error) {
			throw record.failed(abortReasonOf(error, request));
		}
	};
}

const readerLeft = new Failure(ErrorReason.CANCELED, "the caller left");

/** One call's way from its start to its one end. A class: each call has one, and a stream keeps it. */
class CallRecord implements StreamHooks {
	readonly #options: CallInterceptorOptions;
	readonly #startMs: number;
	readonly #call: Call;
	/** Until a stream has started: the VM is known by then. */
	#request: Request | undefined;
	#subject: WukongRef | undefined;
	#hasEnded = false;

	constructor(request: Request, options: CallInterceptorOptions) {
		const { protocol, requestId } = options.contextOf(request);
		this.#options = options;
		this.#startMs = options.clock.monotonicMs();
		this.#call = { method: request.method, protocol, requestId };
		this.#request = request;
	}

	streamStarted(): void {
		this.#subject = this.#findSubject();
		this.#request = undefined;
		for (const observer of this.#options.observers) {
			observer.streamStarted(this.#call, this.#subject);
		}
	}

	ended(): void {
		this.#end(undefined);
	}

	left(reason: unknown): void {
		this.failed(reason ?? readerLeft);
	}

	failed(error: unknown): ConnectError {
		const outgoing = toConnectError(error, this.#findSubject());
		const reason = reasonIn(outgoing) ?? "";
		this.#end({ code: outgoing.code, reason, cause: outgoing.cause });
		return outgoing;
	}

	#findSubject(): WukongRef | undefined {
		return this.#request === undefined
			? this.#subject
			: this.#request.contextValues.get(callTarget);
	}

	#end(failure: CallFailure | undefined): void {
		if (this.#hasEnded) return;
		this.#hasEnded = true;
		const { observers, clock } = this.#options;
		const durationMs = clock.monotonicMs() - this.#startMs;
		const wukong = this.#findSubject();
		for (const observer of observers) {
			observer.callEnded(this.#call, { durationMs, wukong, failure });
		}
	}
}
