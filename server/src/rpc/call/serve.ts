import type { Exchange } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { Decoder } from "../codec/decoder.ts";
import type { Compression } from "../connect-internals.ts";
import type { Route } from "../router.ts";
import type { CallContext } from "./call-context.ts";
import { IncomingCall } from "./server-call.ts";
import type { StreamOptions, StreamProcedure } from "./stream.ts";
import type { UnaryProcedure } from "./unary-response.ts";

/** A procedure with one request message. */
export type DirectProcedure = UnaryProcedure | StreamProcedure;

/** What calls share. */
export interface DirectOptions extends StreamOptions {
	readonly compressions: readonly Compression[];
	readonly decoder: Decoder;
}

/** One call's own part. */
export interface DirectRequest {
	readonly exchange: Exchange;
	readonly procedure: DirectProcedure;
	readonly route: Route;
	readonly context: CallContext;
	/** Header fields of every answer. */
	readonly common: HeaderFields;
}

/**
 * Answers a call without connect's handlers: from the bytes of its one request message straight
 * to its implementation and back, in all protocols.
 */
export function serveDirect(request: DirectRequest, options: DirectOptions): void {
	new IncomingCall(request, options).read();
}
