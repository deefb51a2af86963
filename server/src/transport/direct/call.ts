import type { DescMethod } from "@bufbuild/protobuf";
import { type ConnectError, type ContextValues, createContextValues } from "@connectrpc/connect";
import { type CallContext, callContextKey } from "../call-context.ts";
import type { Exchange } from "../exchange.ts";
import type { Fields } from "../fields.ts";
import type { Form } from "./form.ts";
import { LazyHeaders } from "./lazy-headers.ts";

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
	/** Time left until the deadline; undefined: there is none. */
	readonly leftMs: () => number | undefined;
}

/** One call under way. */
export class Call {
	readonly start: CallStart;
	readonly requestHeader: Headers;
	readonly responseHeader: LazyHeaders = new LazyHeaders([]);
	readonly responseTrailer: LazyHeaders = new LazyHeaders([]);
	readonly values: ContextValues;
	readonly #controller = new AbortController();
	#abortReason: ConnectError | undefined;
	#onAbort: ((reason: ConnectError) => void) | undefined;

	constructor(start: CallStart) {
		this.start = start;
		this.requestHeader = new LazyHeaders(start.exchange.rawHeaders);
		this.values = createContextValues().set(callContextKey, start.context);
	}

	/** Aborted when the call is broken off; a stream's also when it has ended. */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Why the call is broken off; undefined while it is not. */
	get abortReason(): ConnectError | undefined {
		return this.#abortReason;
	}

	/** Calls back once, when the call is broken off. */
	onAbort(callback: (reason: ConnectError) => void): void {
		this.#onAbort = callback;
	}

	/** Breaks the call off: who waits for its implementation waits no longer. */
	abort(reason: ConnectError): void {
		if (this.#abortReason !== undefined) return;
		this.#abortReason = reason;
		this.#controller.abort(reason);
		this.#onAbort?.(reason);
	}

	/** A stream has ended: whoever still works for it may stop. */
	end(): void {
		if (this.#abortReason === undefined) this.#controller.abort();
	}
}
