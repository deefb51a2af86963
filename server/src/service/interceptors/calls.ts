import type {
	ConnectError,
	ContextValues,
	Interceptor,
	StreamRequest,
	UnaryRequest,
} from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Peer, Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { type StreamHooks, wrapStream } from "../../rpc/batched-stream.ts";
import { type CallContext, principalKey } from "../../rpc/call/call-context.ts";
import { abortReasonOf } from "../../rpc/call/cancellation.ts";
import { reasonIn, toConnectError } from "../errors/connect-error.ts";
import type {
	CallFailure,
	CallListener,
	CallObserver,
	CallProtocol,
	ObservedCall,
} from "./call-observer.ts";
import { callTarget } from "./call-target.ts";

type Request = UnaryRequest | StreamRequest;
type AnyFn = ReturnType<Interceptor>;

/** Options of the interceptor. */
export interface CallInterceptorOptions {
	/** Hear of every call, in this order; the first one's `run` is the outermost. */
	readonly observers: readonly CallObserver[];
	/** Finds what the port knows of a call. */
	readonly contextOf: (
		request: Request,
	) => Pick<CallContext, "requestId" | "protocol"> & Partial<Pick<CallContext, "peer" | "address">>;
	readonly clock: Clock;
}

/**
 * Creates the outermost interceptor: it turns whatever a call fails with into the error that the
 * caller gets, and lets the observers hear of the call. That a call ends at its deadline, and when
 * its caller leaves, is the work of `rpc`.
 */
export function createCallInterceptor(options: CallInterceptorOptions): Interceptor {
	return (next) => async (request) => {
		const call = new CallRecord(request, options);
		try {
			const response = await (call.hasRun ? runWithin(call, next, request) : next(request));
			if (!response.stream) {
				call.onEnd();
				return response;
			}
			call.streamOpened();
			return { ...response, message: wrapStream(response.message, call, request) };
		} catch (error) {
			throw call.onError(abortReasonOf(error, request));
		}
	};
}

/** Apart, so that a call without contexts makes no closure. */
function runWithin(call: CallRecord, next: AnyFn, request: Request): ReturnType<AnyFn> {
	return call.run(() => next(request));
}

const callerLeft = new Failure(ErrorReason.CANCELED, "the caller left");

/**
 * One call from its start to its end, which comes once. A class: each call has one, and a stream
 * keeps it, without its request.
 */
class CallRecord implements ObservedCall, StreamHooks<unknown> {
	readonly method: Request["method"];
	readonly protocol: CallProtocol;
	readonly requestId: string;
	readonly peer: Peer | undefined;
	readonly address: string | undefined;
	/** Only where a listener counts messages: nothing is to be done for each batch else. */
	readonly onBatch?: (messages: readonly unknown[]) => void;
	/** A listener wants the call to run in its context. */
	hasRun = false;
	readonly #clock: Clock;
	readonly #startMs: number;
	/** One for each observer. */
	readonly #listeners: readonly (CallListener | undefined)[];
	/** undefined once a stream is open: target and principal are known by then. */
	#values: ContextValues | undefined;
	#target: ObjectRef | undefined;
	#principal: Principal | undefined;
	#hasEnded = false;

	constructor(request: Request, { observers, contextOf, clock }: CallInterceptorOptions) {
		const { protocol, requestId, peer, address } = contextOf(request);
		this.method = request.method;
		this.protocol = protocol;
		this.requestId = requestId;
		this.peer = peer;
		this.address = address;
		this.#clock = clock;
		this.#startMs = clock.monotonicMs();
		this.#values = request.contextValues;
		// As long as it will be: an array that is pushed to makes room for seventeen.
		const listeners = new Array<CallListener | undefined>(observers.length);
		let counts = false;
		for (let at = 0; at < observers.length; at++) {
			const listener = observers[at]?.callStarted(this, request.header);
			if (listener?.run !== undefined) this.hasRun = true;
			if (listener?.messagesSent !== undefined) counts = true;
			listeners[at] = listener;
		}
		this.#listeners = listeners;
		if (counts && request.stream) {
			this.onBatch = ({ length }) => {
				for (const listener of listeners) listener?.messagesSent?.(this, length);
			};
		}
	}

	get target(): ObjectRef | undefined {
		return this.#values === undefined ? this.#target : this.#values.get(callTarget);
	}

	get principal(): Principal | undefined {
		return this.#values === undefined ? this.#principal : this.#values.get(principalKey);
	}

	run<T>(next: () => T): T {
		const within = this.#listeners.reduceRight<() => T>(
			(inner, listener) =>
				// Called on its listener, which may be an object with a state of its own.
				listener?.run === undefined ? inner : () => listener.run?.(inner) as T,
			next,
		);
		return within();
	}

	streamOpened(): void {
		this.#target = this.target;
		this.#principal = this.principal;
		this.#values = undefined;
		for (const listener of this.#listeners) listener?.streamOpened?.(this);
	}

	onEnd(): void {
		this.#end(undefined);
	}

	onClose(reason: unknown): void {
		this.onError(reason ?? callerLeft);
	}

	onError(error: unknown): ConnectError {
		const outgoing = toConnectError(error, this.target);
		const reason = reasonIn(outgoing) ?? "";
		this.#end({ code: outgoing.code, reason, cause: outgoing.cause });
		return outgoing;
	}

	#end(failure: CallFailure | undefined): void {
		if (this.#hasEnded) return;
		this.#hasEnded = true;
		const end = { durationMs: this.#clock.monotonicMs() - this.#startMs, failure };
		for (const listener of this.#listeners) listener?.callEnded?.(this, end);
	}
}
