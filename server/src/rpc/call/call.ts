import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import type { Exchange } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { Codec } from "../codec/codec.ts";
import { type CallContext, callContextKey } from "./call-context.ts";
import { CallValues } from "./call-values.ts";
import { Cancellation } from "./cancellation.ts";
import { LazyHeaders } from "./headers.ts";

/** What a call is known by when it comes in. */
export interface CallStart {
	readonly exchange: Exchange;
	readonly method: DescMethod;
	/** Path and query. */
	readonly path: string;
	/** POST, or GET for Connect's GET form and HEAD. */
	readonly httpMethod: string;
	readonly codec: Codec;
	readonly context: CallContext;
	/** Header fields of every answer. */
	readonly common: HeaderFields;
	/** Time left until the deadline; undefined: there is none. */
	readonly leftMs: () => number | undefined;
}

/** One call under way. A class: each call has one. */
export class Call {
	readonly start: CallStart;
	readonly cancellation: Cancellation = new Cancellation();
	readonly requestHeader: Headers;
	readonly responseHeader: LazyHeaders = new LazyHeaders(none);
	readonly responseTrailer: LazyHeaders = new LazyHeaders(none);
	readonly values: ContextValues;

	constructor(start: CallStart) {
		this.start = start;
		this.requestHeader = new LazyHeaders(start.exchange.rawHeaders);
		this.values = new CallValues(callContextKey, start.context);
	}

	/** Breaks the call off. */
	abort(reason: ConnectError): void {
		this.cancellation.abort(reason);
	}
}

const none: HeaderFields = [];
