import type { Message } from "@bufbuild/protobuf";
import type { Clock, Timer } from "../../clock.ts";
import { afterTurn } from "../after-turn.ts";
import type { CallContext } from "../call-context.ts";
import type { Compression } from "../connect-internals.ts";
import { callerLeft } from "../departure.ts";
import { type Exchange, headerOf } from "../exchange.ts";
import type { Fairness } from "../fairness.ts";
import type { Fields } from "../fields.ts";
import type { TransportLimits } from "../limits.ts";
import type { TransportObserver } from "../observer.ts";
import { createRefusalError, type Refusal, type RefusalDetails } from "../refusal.ts";
import { deadlineInRequest, requestTooSlow } from "../refusal-kinds.ts";
import type { Route } from "../routes.ts";
import { failureHeaders, nothingSent, type Sent, sendAnswer } from "./answering.ts";
import { Call } from "./call.ts";
import { toCallError } from "./call-error.ts";
import { deadlinePassed } from "./cancellation.ts";
import type { Decoded, DecodeOptions } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import { formOf } from "./form.ts";
import { readGetRequest } from "./get-message.ts";
import { openMessage, readMessage } from "./incoming.ts";
import { streamProtocols, unaryProtocols } from "./protocols.ts";
import { runStream, type StreamProcedure } from "./stream.ts";
import { readTerms } from "./terms.ts";
import { runUnary, type UnaryProcedure } from "./unary.ts";

/** A procedure with one request message. */
export type DirectProcedure = UnaryProcedure | StreamProcedure;

/** What calls share. */
export interface DirectOptions {
	readonly limits: TransportLimits;
	readonly clock: Clock;
	readonly fairness: Fairness;
	readonly observer: TransportObserver;
	readonly compressions: readonly Compression[];
	readonly encoder: Encoder;
	readonly decodeOptions: DecodeOptions;
	readonly refusalDetails: RefusalDetails;
}

/** One call's own part. */
export interface DirectRequest {
	readonly exchange: Exchange;
	readonly procedure: DirectProcedure;
	readonly route: Route;
	readonly context: CallContext;
	/** Header fields of every answer. */
	readonly common: Fields;
}

/**
 * Answers a call without connect's handlers: from the bytes of its one request message straight
 * to its implementation and back, in all protocols.
 */
export function serveDirect(request: DirectRequest, options: DirectOptions): void {
	const { exchange, procedure, route, context, common } = request;
	const { limits, clock, observer } = options;
	const { spec } = procedure;
	const isUnary = spec.kind === "unary";
	const protocol = isUnary ? unaryProtocolOf(route) : streamProtocolOf(route);
	const get = route.method === "GET" ? readGetRequest(route.path) : undefined;
	const form = get?.form ?? formOf(headerOf(exchange, "content-type") ?? "");
	const startMs = clock.monotonicMs();
	let call: Call | undefined;
	let isOver = false;
	let timer: Timer | undefined;
	let isLate = false;
	let forgetDeparture = () => {};

	const done = (outcome: Sent) => {
		if (isOver) return;
		isOver = true;
		timer?.cancel();
		forgetDeparture();
		observer.callEnded({ ...outcome, requestId: context.requestId });
	};
	const sending = { fairness: options.fairness, limits, done };
	const toError = (error: unknown) => toCallError(error, options);
	const refuse = (refusal: Refusal) => {
		const error = createRefusalError(refusal, options.refusalDetails);
		const failure = protocol.failure(form, error, { header: undefined, trailer: undefined });
		const answer = failure.status === 200 ? failure : { ...failure, status: refusal.httpStatus };
		const fields = [...common, ...failureHeaders, ...(refusal.headers ?? [])];
		sendAnswer(exchange, answer, { ...sending, fields });
		observer.callRefused({
			cause: refusal.cause,
			httpStatus: answer.status,
			procedure: route.procedure.path,
			requestId: context.requestId,
		});
	};

	const terms = readTerms(
		exchange.rawHeaders,
		{ framing: protocol, encoding: get?.encoding },
		{
			maxTimeoutMs: isUnary ? limits.maxUnaryTimeoutMs : limits.maxStreamTimeoutMs,
			always: isUnary,
			compressions: options.compressions,
		},
	);
	if ("cause" in terms) {
		refuse(terms);
		return;
	}
	const { timeoutMs } = terms;

	const run = (message: Message) => {
		const { path, method: httpMethod } = route;
		const start = { exchange, method: spec.method, path, httpMethod, form, context, common };
		call = new Call({ ...start, leftMs: () => timeoutMs && leftMs(timeoutMs) });
		if (isLate) arm();
		// An implementation is not begun for nobody.
		if (timeoutMs !== undefined && leftMs(timeoutMs) <= 0) call.abort(deadlinePassed());
		const { encoder } = options;
		if ("answer" in protocol) {
			runUnary(
				procedure as UnaryProcedure,
				{ call, message },
				{
					protocol,
					compression: terms.responseCompression,
					encoder,
					toError,
					sending,
					refuse,
				},
			);
		} else {
			// A stream keeps its own time: nothing of this is to live as long as it does.
			isOver = true;
			timer?.cancel();
			forgetDeparture();
			const streamLeftMs = timeoutMs === undefined ? undefined : leftMs(timeoutMs);
			const stream = { protocol, options, leftMs: streamLeftMs };
			runStream(procedure as StreamProcedure, { call, message }, stream);
		}
	};
	const receive = (decoded: Decoded) => {
		if (isOver || exchange.departure.happened) return;
		if ("refusal" in decoded) refuse(decoded.refusal);
		else run(decoded.message);
	};

	const leftMs = (ofMs: number) => ofMs - (clock.monotonicMs() - startMs);
	/** Sets the one timer that counts now. */
	const arm = () => {
		timer?.cancel();
		const isReading = call === undefined;
		const wholeMs = isReading
			? Math.min(timeoutMs ?? limits.bodyTimeoutMs, limits.bodyTimeoutMs)
			: timeoutMs;
		if (wholeMs === undefined) return;
		timer = clock.setTimer(Math.max(0, leftMs(wholeMs)), () => {
			if (call !== undefined) call.abort(deadlinePassed());
			else refuse(wholeMs === timeoutMs ? deadlineInRequest : requestTooSlow);
		});
	};
	const leave = () => {
		if (call === undefined) done(nothingSent);
		else call.abort(callerLeft());
	};
	afterTurn(() => {
		if (isOver) return;
		isLate = true;
		forgetDeparture = exchange.departure.on(leave);
		if (exchange.departure.happened) leave();
		else arm();
	});

	const rule = {
		framing: protocol,
		schema: spec.method.input,
		form,
		compression: terms.requestCompression,
		maxMessageBytes: limits.maxRequestBytes,
		decodeOptions: options.decodeOptions,
	};
	if (get === undefined) readMessage(exchange, rule, receive);
	else openMessage(get.body, rule, receive);
}

function unaryProtocolOf({ protocol }: Route) {
	return unaryProtocols[protocol === "connect-stream" ? "connect" : protocol];
}

function streamProtocolOf({ protocol }: Route) {
	return streamProtocols[protocol === "connect" ? "connect-stream" : protocol];
}
