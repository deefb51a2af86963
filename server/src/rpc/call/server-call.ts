import type { Message } from "@bufbuild/protobuf";
import type { Timer } from "../../clock.ts";
import { runAfterTick } from "../../http/deferred.ts";
import type { Decoded } from "../codec/decoder.ts";
import { summarizeRequest } from "../observer.ts";
import type { StreamProtocol, UnaryProtocol } from "../protocol/protocol.ts";
import { streamProtocols, unaryProtocols } from "../protocol/protocols.ts";
import type { Refusal } from "../refusals.ts";
import { deadlineInRequest, requestTooSlow } from "../refusals.ts";
import type { Route } from "../router.ts";
import { Call } from "./call.ts";
import { callerLeft, deadlinePassed } from "./cancellation.ts";
import { readTerms, type Terms } from "./negotiate.ts";
import { openMessage, readMessage } from "./read-request.ts";
import { sendRefusal } from "./refusal-response.ts";
import { nothingSent, type Sent } from "./response.ts";
import type { DirectOptions, DirectRequest } from "./serve.ts";
import { runStream, type StreamProcedure } from "./stream.ts";
import { runUnary, type UnaryProcedure } from "./unary-response.ts";

/**
 * A call from its head on: reads its terms and its message, and keeps the time of both, and of a
 * unary implementation. A class: each call has one.
 */
export class IncomingCall {
	readonly #request: DirectRequest;
	readonly #options: DirectOptions;
	readonly #protocol: UnaryProtocol | StreamProtocol;
	/** Of the call's time; undefined: nobody has asked yet, and its first turn is not over. */
	#startMs: number | undefined;
	/** undefined: not read yet. */
	#terms: Terms | undefined;
	/** undefined: its message is not there yet. */
	#call: Call | undefined;
	#isOver = false;
	#isLate = false;
	#timer: Timer | undefined;
	#unsubscribe: (() => void) | undefined;

	constructor(request: DirectRequest, options: DirectOptions) {
		this.#request = request;
		this.#options = options;
		this.#protocol = protocolOf(request);
	}

	/** Begins; once. Never throws, and nor does what it waits for: a failure is this call's alone. */
	read(): void {
		try {
			this.#read();
		} catch (error) {
			this.breakOff(error);
		}
	}

	#read(): void {
		const { exchange, procedure, route } = this.#request;
		const { limits, compressions, decoder } = this.#options;
		const { get } = route;
		const isUnary = procedure.spec.kind === "unary";
		const terms = readTerms(
			exchange.rawHeaders,
			{ framing: this.#protocol, encoding: get?.encoding },
			{
				maxTimeoutMs: isUnary ? limits.maxUnaryTimeoutMs : limits.maxStreamTimeoutMs,
				always: isUnary,
				compressions,
			},
		);
		if ("cause" in terms) {
			this.refuse(terms);
			return;
		}
		this.#terms = terms;
		runAfterTick(watchTime, this);
		const rule = {
			framing: this.#protocol,
			schema: procedure.spec.method.input,
			codec: route.codec,
			compression: terms.requestCompression,
			maxMessageBytes: limits.maxRequestBytes,
			decoder,
		};
		if (get === undefined) readMessage(exchange, rule, this);
		else openMessage(get.body, rule, this);
	}

	/** Only the few calls that are still open after their turn need a timer, and an ear for their caller. */
	watchTime(): void {
		if (this.#isOver) return;
		const { disconnect } = this.#request.exchange;
		this.#isLate = true;
		this.#unsubscribe = disconnect.subscribe(() => this.#leave());
		if (disconnect.hasOccurred) this.#leave();
		else this.#arm();
	}

	/** Answers with a refusal. */
	refuse(refusal: Refusal): void {
		const { exchange, route, context, common } = this.#request;
		const codec = { protocol: this.#protocol, codec: route.codec };
		const sending = { exchange, common, options: this.#options, teller: this };
		const httpStatus = sendRefusal(refusal, codec, sending);
		this.#options.observer.callRefused({
			cause: refusal.cause,
			httpStatus,
			...summarizeRequest(exchange),
			procedure: route.procedure.path,
			requestId: context.requestId,
		});
	}

	/** What was thrown where no answer can be made of it: it is told, and ends this call. */
	breakOff(error: unknown): void {
		this.#options.observer.unexpected(error);
		this.#request.exchange.abort();
		this.done(nothingSent);
	}

	/** The answer is out, or nobody is left to read it. */
	done({ complete, sentBytes }: Sent): void {
		if (this.#isOver) return;
		this.#end();
		const { requestId } = this.#request.context;
		this.#options.observer.callEnded({ requestId, complete, sentBytes });
	}

	/** To be told of the request message. */
	receive(decoded: Decoded): void {
		if (this.#isOver || this.#request.exchange.disconnect.hasOccurred) return;
		if ("refusal" in decoded) this.refuse(decoded.refusal);
		else this.#run(decoded.message);
	}

	#run(message: Message): void {
		const { exchange, procedure, route, context, common } = this.#request;
		const { method } = procedure.spec;
		const call = new Call({
			exchange,
			method,
			path: route.path,
			httpMethod: route.method,
			codec: route.codec,
			context,
			common,
			leftMs: () => this.#leftMs(),
		});
		this.#call = call;
		// An implementation is not begun for nobody.
		if (this.#hasRunOut()) call.abort(deadlinePassed());
		const options = this.#options;
		const protocol = this.#protocol;
		if ("answer" in protocol) {
			if (this.#isLate) this.#arm();
			const compression = this.#terms?.responseCompression;
			const terms = { protocol, compression, options, incoming: this };
			runUnary(procedure as UnaryProcedure, { call, message }, terms);
		} else {
			// A stream keeps its own time: nothing of this is to live as long as it does.
			this.#end();
			const leftMs = this.#leftMs();
			runStream(procedure as StreamProcedure, { call, message }, { protocol, options, leftMs });
		}
	}

	#end(): void {
		this.#isOver = true;
		this.#timer?.cancel();
		this.#unsubscribe?.();
	}

	#leave(): void {
		if (this.#call === undefined) this.done(nothingSent);
		else this.#call.abort(callerLeft());
	}

	/** Time left until the deadline; undefined: there is none. */
	#leftMs(ofMs: number | undefined = this.#terms?.timeoutMs): number | undefined {
		if (ofMs === undefined || ofMs === 0) return ofMs;
		const nowMs = this.#options.clock.monotonicMs();
		this.#startMs ??= nowMs;
		return ofMs - (nowMs - this.#startMs);
	}

	/** In its first turn a call's time has not begun to run: to ask the clock costs as much as a look-up. */
	#hasRunOut(): boolean {
		const leftMs = this.#isLate ? this.#leftMs() : this.#terms?.timeoutMs;
		return leftMs !== undefined && leftMs <= 0;
	}

	/** Sets the one timer that counts now. */
	#arm(): void {
		this.#timer?.cancel();
		const { clock, limits } = this.#options;
		const { timeoutMs } = this.#terms ?? {};
		const isReading = this.#call === undefined;
		const { bodyTimeoutMs } = limits;
		const wholeMs = isReading ? Math.min(timeoutMs ?? bodyTimeoutMs, bodyTimeoutMs) : timeoutMs;
		if (wholeMs === undefined) return;
		this.#timer = clock.setTimer(Math.max(0, this.#leftMs(wholeMs) ?? 0), () => {
			try {
				if (this.#call !== undefined) this.#call.abort(deadlinePassed());
				else this.refuse(wholeMs === timeoutMs ? deadlineInRequest : requestTooSlow);
			} catch (error) {
				this.breakOff(error);
			}
		});
	}
}

function watchTime(call: IncomingCall): void {
	try {
		call.watchTime();
	} catch (error) {
		call.breakOff(error);
	}
}

function protocolOf({ procedure, route }: DirectRequest): UnaryProtocol | StreamProtocol {
	return procedure.spec.kind === "unary"
		? unaryProtocols[unaryForm(route)]
		: streamProtocols[streamForm(route)];
}

function unaryForm({ protocol }: Route) {
	return protocol === "connect-stream" ? "connect" : protocol;
}

function streamForm({ protocol }: Route) {
	return protocol === "connect" ? "connect-stream" : protocol;
}
