import type { Message } from "@bufbuild/protobuf";
import type { Timer } from "../../clock.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import { runAfterTick } from "../../http/run-after-tick.ts";
import type { Decoded, Decoder } from "../codec/codec.ts";
import type { Compression } from "../connect-internals.ts";
import { summarizeRequest } from "../observer.ts";
import { deadlineInRequest, type Refusal, requestTooSlow } from "../refusals.ts";
import type { Route } from "../routes.ts";
import type { CallContext } from "./call-context.ts";
import { callerLeft, deadlinePassed } from "./cancellation.ts";
import { sendRefusal } from "./error-response.ts";
import { Invocation } from "./invocation.ts";
import type { DirectProcedure, StreamProcedure, UnaryProcedure } from "./invoke-implementation.ts";
import { type Negotiated, negotiate } from "./negotiate.ts";
import { type MessageReceiver, readRequest } from "./read-request.ts";
import { runStream, runUnary } from "./run-call.ts";
import { nothingSent, type Outcome, type ResponseOwner } from "./send-response.ts";
import type { StreamOptions } from "./stream-response.ts";

/** What calls share. */
export interface DirectOptions extends StreamOptions {
	readonly compressions: readonly Compression[];
	readonly decoder: Decoder;
}

/** The head of a call. */
export interface DirectRequest {
	readonly exchange: Exchange;
	readonly procedure: DirectProcedure;
	readonly route: Route;
	readonly context: CallContext;
	/** Header fields of every response. */
	readonly common: HeaderFields;
}

/**
 * Serves a call without connect's handlers: from the bytes of its one request message straight to
 * its implementation and back, in every protocol.
 */
export function serveDirect(request: DirectRequest, options: DirectOptions): void {
	new ServerCall(request, options).start();
}

/**
 * One call from its head to its end: negotiates, reads the message, runs the implementation. Keeps
 * the deadline until the end of a unary call; a stream keeps its own from its first message on,
 * because nothing of this may live as long as it does. A class: each call has one.
 */
class ServerCall implements MessageReceiver, ResponseOwner {
	readonly #request: DirectRequest;
	readonly #options: DirectOptions;
	/** Start of the call's time; undefined: nobody has asked yet, and its first turn is not over. */
	#startMs: number | undefined;
	/** undefined: not negotiated yet. */
	#negotiated: Negotiated | undefined;
	/** undefined: the request message is not read yet. */
	#invocation: Invocation | undefined;
	#isOver = false;
	#isLate = false;
	#timer: Timer | undefined;
	#unsubscribe: (() => void) | undefined;

	constructor(request: DirectRequest, options: DirectOptions) {
		this.#request = request;
		this.#options = options;
	}

	/** Starts the call; once. Neither this nor what it waits for throws: a failure is this call's alone. */
	start(): void {
		try {
			this.#start();
		} catch (error) {
			this.onFault(error);
		}
	}

	#start(): void {
		const { exchange, procedure, route } = this.#request;
		const { limits, compressions, decoder } = this.#options;
		const { protocol, binding } = route;
		const isUnary = procedure.spec.kind === "unary";
		const negotiated = negotiate(
			exchange.rawHeaders,
			{ protocol, encoding: binding.encoding },
			{
				maxTimeoutMs: route.procedure.maxTimeoutMs,
				always: isUnary,
				compressions,
			},
		);
		if ("cause" in negotiated) {
			this.refuse(negotiated);
			return;
		}
		this.#negotiated = negotiated;
		runAfterTick(watchTime, this);
		const rule = {
			protocol,
			binding,
			schema: procedure.spec.method.input,
			compression: negotiated.requestCompression,
			maxMessageBytes: limits.maxRequestBytes,
			decoder,
		};
		readRequest(exchange, rule, this);
	}

	/** Sets timer and disconnect handler of the few calls that are still open after their turn. */
	watchTime(): void {
		if (this.#isOver) return;
		const { disconnect } = this.#request.exchange;
		this.#isLate = true;
		this.#unsubscribe = disconnect.subscribe(() => this.#leave());
		if (disconnect.hasOccurred) this.#leave();
		else this.#arm();
	}

	/** Refuses the call. */
	refuse(refusal: Refusal): void {
		const { exchange, route, context, common } = this.#request;
		const form = { protocol: route.protocol, codec: route.binding.codec };
		const sending = { exchange, common, options: this.#options, owner: this };
		const httpStatus = sendRefusal(refusal, form, sending);
		this.#options.observer.callRefused({
			cause: refusal.cause,
			httpStatus,
			...summarizeRequest(exchange),
			procedure: route.procedure.path,
			requestId: context.requestId,
			address: context.address,
		});
	}

	/** Reports what was thrown where no response can follow, and ends the call. */
	onFault(error: unknown): void {
		this.#options.observer.unexpected(error);
		this.#request.exchange.abort();
		this.onEnd(nothingSent);
	}

	/** Ends the call: the response is out, or nobody is left to read it. */
	onEnd({ complete, sentBytes }: Outcome): void {
		if (this.#isOver) return;
		this.#end();
		const { requestId } = this.#request.context;
		this.#options.observer.callEnded({ requestId, complete, sentBytes });
	}

	/** Runs the call with its request message. */
	receive(decoded: Decoded): void {
		if (this.#isOver || this.#request.exchange.disconnect.hasOccurred) return;
		if ("refusal" in decoded) this.refuse(decoded.refusal);
		else this.#run(decoded.message);
	}

	#run(message: Message): void {
		const { exchange, procedure, route, context, common } = this.#request;
		const { protocol, path, httpMethod } = route;
		const { method } = procedure.spec;
		const { codec } = route.binding;
		const leftMs = () => this.#leftMs();
		const start = { exchange, method, path, httpMethod, codec, context, common, leftMs };
		const invocation = new Invocation(start);
		this.#invocation = invocation;
		// An implementation is not started for nobody.
		if (this.#hasRunOut()) invocation.abort(deadlinePassed());
		const options = this.#options;
		if ("success" in protocol) {
			if (this.#isLate) this.#arm();
			if (route.procedure.isWait) exchange.onPeerEnd(() => this.#leave());
			const compression = this.#negotiated?.responseCompression;
			const rule = { protocol, compression, options, owner: this };
			runUnary(procedure as UnaryProcedure, { invocation, message }, rule);
		} else {
			this.#end();
			const rule = { protocol, options, leftMs: this.#leftMs() };
			runStream(procedure as StreamProcedure, { invocation, message }, rule);
		}
	}

	#end(): void {
		this.#isOver = true;
		this.#timer?.cancel();
		this.#unsubscribe?.();
	}

	#leave(): void {
		if (this.#invocation === undefined) this.onEnd(nothingSent);
		else this.#invocation.abort(callerLeft());
	}

	/** Returns the time left until the deadline; undefined: there is none. */
	#leftMs(ofMs: number | undefined = this.#negotiated?.timeoutMs): number | undefined {
		if (ofMs === undefined || ofMs === 0) return ofMs;
		const nowMs = this.#options.clock.monotonicMs();
		this.#startMs ??= nowMs;
		return ofMs - (nowMs - this.#startMs);
	}

	/** Checks the deadline, but not in the first turn: asking the clock costs as much as a look-up. */
	#hasRunOut(): boolean {
		const leftMs = this.#isLate ? this.#leftMs() : this.#negotiated?.timeoutMs;
		return leftMs !== undefined && leftMs <= 0;
	}

	/** Sets the one timer that counts now. */
	#arm(): void {
		this.#timer?.cancel();
		const { clock, limits } = this.#options;
		const { timeoutMs } = this.#negotiated ?? {};
		const isReading = this.#invocation === undefined;
		const { bodyTimeoutMs } = limits;
		const wholeMs = isReading ? Math.min(timeoutMs ?? bodyTimeoutMs, bodyTimeoutMs) : timeoutMs;
		if (wholeMs === undefined) return;
		this.#timer = clock.setTimer(Math.max(0, this.#leftMs(wholeMs) ?? 0), () => {
			try {
				if (this.#invocation !== undefined) this.#invocation.abort(deadlinePassed());
				else this.refuse(wholeMs === timeoutMs ? deadlineInRequest : requestTooSlow);
			} catch (error) {
				this.onFault(error);
			}
		});
	}
}

function watchTime(call: ServerCall): void {
	try {
		call.watchTime();
	} catch (error) {
		call.onFault(error);
	}
}
