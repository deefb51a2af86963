import { createContextValues } from "@connectrpc/connect";
import type { Clock } from "../../clock.ts";
import { writeBody } from "../../http/body-writer.ts";
import type { Exchange } from "../../http/exchange.ts";
import { fieldsOf, type HeaderFields } from "../../http/fields.ts";
import type { TransportLimits } from "../../http/limits.ts";
import type { StreamScheduler } from "../../http/scheduler.ts";
import { type CallContext, callContextKey } from "../call/call-context.ts";
import { disconnectSignal } from "../call/cancellation.ts";
import { createBodyLimit } from "../call/read-request.ts";
import { getHeaders, streamHeaders } from "../call/send-response.ts";
import type { Decoder } from "../codec/codec.ts";
import {
	type Compression,
	createAsyncIterable,
	type UniversalServerResponse,
} from "../connect-internals.ts";
import { findCoding } from "../content-coding.ts";
import { type CallOutcome, type RpcObserver, summarizeRequest } from "../observer.ts";
import { parseTimeoutMs } from "../protocol/timeout.ts";
import { withShortMessage } from "../protocol/trailer-status.ts";
import type { RefusalDetails } from "../refusals.ts";
import type { Route } from "../routes.ts";
import { reachedKey } from "./connect-handlers.ts";
import { checkedMessages, readRequestBody, readWholeBody } from "./request-body.ts";

/** What calls share. */
export interface UniversalOptions {
	readonly compressions: readonly Compression[];
	readonly decoder: Decoder;
	readonly refusalDetails: RefusalDetails;
	readonly limits: TransportLimits;
	readonly clock: Clock;
	readonly scheduler: StreamScheduler;
	readonly observer: RpcObserver;
}

/** The head of a call. */
export interface UniversalCall {
	readonly exchange: Exchange;
	readonly route: Route;
	readonly context: CallContext;
	/** Header fields of every response. */
	readonly common: HeaderFields;
}

/**
 * Serves a call by connect's handler, which is called "universal": client and bidirectional streams,
 * and everything where it is the reference that the direct way is compared with.
 */
export async function serveUniversal(
	call: UniversalCall,
	options: UniversalOptions,
): Promise<Omit<CallOutcome, "requestId">> {
	const { exchange, route, context } = call;
	const { limits, clock } = options;
	const isStream = route.procedure.method.methodKind !== "unary";
	// A reference sends no error to a caller who is leaving.
	if (isStream || route.procedure.isWait) exchange.onPeerEnd(() => exchange.abort());
	const { timeout } = route.protocol;
	const header = createRequestHeader(call, options.compressions);
	const startMs = clock.monotonicMs();
	const parsed = parseTimeoutMs(header.get(timeout.name) ?? undefined, timeout, {
		maxTimeoutMs: route.procedure.maxTimeoutMs,
		always: !isStream,
	});
	// connect refuses it in its own words.
	const timeoutMs = parsed === "malformed" ? undefined : parsed;
	const body = await readBody(call, options, { header, timeoutMs });
	if (exchange.disconnect.hasOccurred) return { complete: false, sentBytes: 0 };
	if (timeoutMs !== undefined) {
		// connect's timer starts only now; the time that the body took is spent.
		const leftMs = Math.ceil(timeoutMs - (clock.monotonicMs() - startMs));
		header.set(timeout.name, timeout.format(Math.max(0, leftMs)));
	}

	const contextValues = createContextValues().set(callContextKey, context);
	const response = await route.procedure.universal({
		httpVersion: context.httpVersion,
		// The authority was checked before; only path and query are of use here.
		url: `${context.secure ? "https" : "http"}://localhost${route.path}`,
		method: route.httpMethod,
		header,
		body,
		signal: disconnectSignal(exchange.disconnect),
		contextValues,
	});

	exchange.writeHead({
		status: response.status,
		headers: [...call.common, ...ownHeaders(route, response), ...fieldsOf(response.header)],
		trailers: route.protocol.hasTrailers,
		flush: isStream,
	});
	const isHead = exchange.method === "HEAD";
	const written = await writeBody(exchange, isHead ? createAsyncIterable([]) : bodyFrom(response), {
		budget: options.scheduler.join(),
		sliceBytes: limits.streamSliceBytes,
		// A stream's reader may stall for as long as it likes: it holds its place and one slice.
		stallTimeoutMs: isStream ? undefined : limits.stalledWriteTimeoutMs,
	});
	if (written.complete)
		exchange.end({ trailers: response.trailer && fieldsOf(withShortMessage(response.trailer)) });
	if (!contextValues.get(reachedKey)) {
		options.observer.callRefused({
			cause: "protocol",
			httpStatus: response.status,
			procedure: route.procedure.path,
			requestId: context.requestId,
			address: context.address,
			...summarizeRequest(exchange),
		});
	}
	return written;
}

function bodyFrom(response: UniversalServerResponse): AsyncIterable<Uint8Array> {
	return response.body ?? createAsyncIterable<Uint8Array>([]);
}

/** Reads the body: whole where the procedure has one request message. */
async function readBody(
	{ exchange, route }: UniversalCall,
	options: UniversalOptions,
	{ header, timeoutMs }: { readonly header: Headers; readonly timeoutMs: number | undefined },
): Promise<AsyncIterable<Uint8Array>> {
	if (route.httpMethod === "GET") return createAsyncIterable<Uint8Array>([]);
	const { limits, compressions, decoder, refusalDetails } = options;
	const { protocol, procedure, binding } = route;
	const maxMessageBytes = limits.maxRequestBytes;
	const kind = procedure.method.methodKind;
	if (kind === "client_streaming" || kind === "bidi_streaming") {
		return checkedMessages(readRequestBody(exchange, timeoutMs), {
			schema: procedure.method.input,
			codec: binding.codec,
			compression: findCoding(header.get(protocol.encodingHeader) ?? "", compressions) ?? null,
			...{ maxMessageBytes, decoder, refusalDetails },
		});
	}
	try {
		const limit = createBodyLimit(exchange, { protocol, maxMessageBytes });
		return createAsyncIterable(await readWholeBody(exchange, limit, timeoutMs));
	} catch (error) {
		// connect's handler writes it in the caller's protocol.
		return createFailingIterable(error);
	}
}

function createFailingIterable(error: unknown): AsyncIterable<Uint8Array> {
	return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

function createRequestHeader(call: UniversalCall, compressions: readonly Compression[]): Headers {
	const { exchange, route } = call;
	const header = new Headers();
	for (let i = 0; i + 1 < exchange.rawHeaders.length; i += 2) {
		header.append(exchange.rawHeaders[i] as string, exchange.rawHeaders[i + 1] as string);
	}
	// connect's handlers know the plain spellings only.
	if (route.httpMethod === "POST") {
		header.set("content-type", route.protocol.contentType(route.binding.codec));
	}
	for (const name of encodingHeaders) {
		const given = header.get(name);
		const found = given === null ? undefined : findCoding(given, compressions);
		if (found !== undefined) header.set(name, found.name);
	}
	// Compressing each event of each stream would cost more than all the rest.
	if (route.procedure.method.methodKind !== "unary") {
		header.set("connect-accept-encoding", "identity");
		header.set("grpc-accept-encoding", "identity");
	}
	return header;
}

const encodingHeaders = ["content-encoding", "connect-content-encoding", "grpc-encoding"];

function ownHeaders(route: Route, response: UniversalServerResponse): HeaderFields {
	if (route.procedure.method.methodKind !== "unary") return streamHeaders;
	if (response.status >= 400) return ["cache-control", "no-store"];
	return route.httpMethod === "GET" ? getHeaders : [];
}
