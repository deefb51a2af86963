import type { DescMethod } from "@bufbuild/protobuf";
import { type ConnectError, type ContextValues, createContextValues } from "@connectrpc/connect";
import { type CallContext, callContextKey } from "../call-context.ts";
import type { Exchange } from "../exchange.ts";
import type { Fields } from "../fields.ts";
import type { Form } from "./form.ts";

/** What a call is known by when it comes in. */
export interface CallStart {
	readonly exchange: Exchange;
	readonly method: DescMethod;
	/** Path and query. */
	readonly path: string;
	/** POST, or GET for Connect's GET form and HEAD. */
	readonly httpMethod: string;
	readonly form: Form;
	readonly context: CallContext;
	/** Header fields of every answer. */
	readonly common: Fields;
	/** From the request's head on; undefined: none. */
	readonly timeoutMs: number | undefined;
	/** Clock's monotonic time of the request's head. */
	readonly startMs: number;
}

/**
 * One call under way. Headers, context values and signal come into being when first asked for:
 * most calls need none of them, and together they cost more than such a call.
 */
export interface Call extends CallStart {
	/** Why the call is broken off; undefined while it is not. */
	readonly abortReason: ConnectError | undefined;
	readonly requestHeader: Headers;
	readonly values: ContextValues;
	/** Aborted with the call; connect's handlers abort it when a call has ended, too. */
	readonly signal: AbortSignal;
	readonly responseHeader: Headers;
	readonly responseTrailer: Headers;
	/** undefined: nobody asked for them. */
	readonly touchedHeader: Headers | undefined;
	readonly touchedTrailer: Headers | undefined;
	/** Time left until the deadline. */
	leftMs(): number | undefined;
	/** Calls back once, when the call is broken off. */
	onAbort(callback: (reason: ConnectError) => void): void;
	/** Breaks the call off: who waits for its implementation waits no longer. */
	abort(reason: ConnectError): void;
	/** The call has ended: whoever still works for it may stop. */
	end(): void;
}

/** @param monotonicMs the port's clock */
export function createCall(start: CallStart, monotonicMs: () => number): Call {
	let abortReason: ConnectError | undefined;
	let requestHeader: Headers | undefined;
	let responseHeader: Headers | undefined;
	let responseTrailer: Headers | undefined;
	let values: ContextValues | undefined;
	let controller: AbortController | undefined;
	let callback: ((reason: ConnectError) => void) | undefined;
	let ended = false;
	return {
		exchange: start.exchange,
		method: start.method,
		path: start.path,
		httpMethod: start.httpMethod,
		form: start.form,
		context: start.context,
		common: start.common,
		timeoutMs: start.timeoutMs,
		startMs: start.startMs,
		get abortReason() {
			return abortReason;
		},
		get requestHeader() {
			requestHeader ??= createHeaders(start.exchange.rawHeaders);
			return requestHeader;
		},
		get values() {
			values ??= createContextValues().set(callContextKey, start.context);
			return values;
		},
		get signal() {
			if (controller === undefined) {
				controller = new AbortController();
				if (abortReason !== undefined || ended) controller.abort(abortReason);
			}
			return controller.signal;
		},
		get responseHeader() {
			responseHeader ??= new Headers();
			return responseHeader;
		},
		get responseTrailer() {
			responseTrailer ??= new Headers();
			return responseTrailer;
		},
		get touchedHeader() {
			return responseHeader;
		},
		get touchedTrailer() {
			return responseTrailer;
		},
		leftMs() {
			return start.timeoutMs && start.timeoutMs - (monotonicMs() - start.startMs);
		},
		onAbort(listener) {
			callback = listener;
		},
		abort(reason) {
			if (ended || abortReason !== undefined) return;
			abortReason = reason;
			controller?.abort(reason);
			callback?.(reason);
		},
		end() {
			if (ended) return;
			ended = true;
			controller?.abort();
		},
	};
}

function createHeaders(fields: Fields): Headers {
	const headers = new Headers();
	for (let i = 0; i < fields.length; i += 2) {
		headers.append(fields[i] as string, fields[i + 1] as string);
	}
	return headers;
}
