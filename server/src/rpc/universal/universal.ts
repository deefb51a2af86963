import { createContextValues } from "@connectrpc/connect";
import type { Clock } from "../../clock.ts";
import { writeBody } from "../../http/body-writer.ts";
import { type Exchange, headerOf } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import { fieldsOf } from "../../http/fields.ts";
import type { TransportLimits } from "../../http/limits.ts";
import type { StreamScheduler } from "../../http/scheduler.ts";
import { type CallContext, callContextKey } from "../call/call-context.ts";
import { disconnectSignal } from "../call/cancellation.ts";
import { readTimeoutMs, writeTimeoutMs } from "../call/deadline.ts";
import { getHeaders, streamHeaders } from "../call/response.ts";
import type { Decoder } from "../codec/decoder.ts";
import {
	type Compression,
	createAsyncIterable,
	type UniversalServerResponse,
} from "../connect-internals.ts";
import { findCoding } from "../content-coding.ts";
import { type CallOutcome, type RpcObserver, summarizeRequest } from "../observer.ts";
import { streamProtocols, unaryProtocols } from "../protocol/protocols.ts";
import { withShortMessage } from "../protocol/trailer-status.ts";
import type { RefusalDetails } from "../refusals.ts";
import type { Route } from "../router.ts";
import { checkedMessages } from "./checked-messages.ts";
import { reachedKey } from "./interceptors-reached.ts";
import { gatherBody, readRequestBody } from "./request-body.ts";

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

/** One call's own part. */
export interface UniversalCall {
	readonly exchange: Exchange;
	readonly route: Route;
	readonly context: CallContext;
	/** Header fields of every answer. */
	readonly common: HeaderFields;
}

/** Answers a call with connect's handler for it, in all protocols: the "universal" way. */
export async function serveUniversal(
	call: UniversalCall,
	options: UniversalOptions,
): Promise<Omit<CallOutcome, "requestId">> {
	const { exchange, route, context } = call;
	const { limits, clock } = options;
	const isStream = route.procedure.method.methodKind !== "unary";
	// A reference has no need of a last word.
	if (isStream) exchange.onPeerEnd(() => exchange.abort());
	const isGrpc = route.protocol.startsWith("grpc");
	const header = requestHeader(call, options.compressions);
	const startMs = clock.monotonicMs();
	const timeoutMs = readTimeoutMs(header, isGrpc, {
		maxTimeoutMs: isStream ? limits.maxStreamTimeoutMs : limits.maxUnaryTimeoutMs,
		always: !isStream,
	});
	const body = await bodyOf(call, options, { header, timeoutMs });
	if (exchange.disconnect.hasOccurred) return { complete: false, sentBytes: 0 };
	if (timeoutMs !== undefined) {
		// connect's timer starts only now; the time that the body took is gone.
		const leftMs = Math.ceil(timeoutMs - (clock.monotonicMs() - startMs));
		writeTimeoutMs(header, isGrpc, Math.max(0, leftMs));
	}

	const contextValues = createContextValues().set(callContextKey, context);
	const response = await route.procedure.universal({
		httpVersion: context.httpVersion,
		// The authority was judged before; only path and query are of use here.
		url: `${context.secure ? "https" : "http"}://localhost${route.path}`,
		method: route.method,
		header,
		body: Symbol.asyncIterator in body ? body : createAsyncIterable(body),
		signal: disconnectSignal(exchange.disconnect),
		contextValues,
	});

	exchange.writeHead({
		status: response.status,
		headers: [...call.common, ...ownHeaders(route, response), ...fieldsOf(response.header)],
		trailers: route.protocol === "grpc",
		flush: isStream,
	});
	const isHead = exchange.method === "HEAD";
	const written = await writeBody(exchange, isHead ? createAsyncIterable([]) : bodyFrom(response), {
		budget: options.scheduler.join(),
		sliceBytes: limits.streamSliceBytes,
		// A watcher may fall behind for as long as it likes: it holds its place and one slice.
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
			...summarizeRequest(exchange),
		});
	}
	return written;
}

function bodyFrom(response: UniversalServerResponse): AsyncIterable<Uint8Array> {
	return response.body ?? createAsyncIterable<Uint8Array>([]);
}

/** Only procedures with one request message can wait for the whole of it. */
async function bodyOf(
	call: UniversalCall,
	{ limits, compressions, decoder, refusalDetails }: UniversalOptions,
	{ header, timeoutMs }: { readonly header: Headers; readonly timeoutMs: number | undefined },
): Promise<Uint8Array[] | AsyncIterable<Uint8Array>> {
	const { exchange, route } = call;
	if (route.method === "GET") return [];
	const kind = route.procedure.method.methodKind;
	if (kind === "client_streaming" || kind === "bidi_streaming") {
		const isConnect = route.protocol === "connect-stream";
		const named = header.get(isConnect ? "connect-content-encoding" : "grpc-encoding");
		return checkedMessages(readRequestBody(exchange, timeoutMs), {
			schema: route.procedure.method.input,
			codec: route.codec,
			compression: findCoding(named ?? "", compressions) ?? null,
			maxMessageBytes: limits.maxRequestBytes,
			...{ decoder, refusalDetails },
		});
	}
	const length = headerOf(exchange, "content-length");
	try {
		return await gatherBody(exchange, {
			maxMessageBytes: limits.maxRequestBytes,
			timeoutMs,
			isEnveloped: route.protocol !== "connect",
			declaredBytes: length === undefined ? undefined : Number(length),
		});
	} catch (error) {
		// connect's handler says it, in the caller's protocol.
		return failing(error);
	}
}

function failing(error: unknown): AsyncIterable<Uint8Array> {
	return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

function requestHeader(call: UniversalCall, compressions: readonly Compression[]): Headers {
	const { exchange, route } = call;
	const header = new Headers();
	for (let i = 0; i + 1 < exchange.rawHeaders.length; i += 2) {
		header.append(exchange.rawHeaders[i] as string, exchange.rawHeaders[i + 1] as string);
	}
	// connect's handlers know the plain spellings only.
	const contentType = contentTypeOf(route);
	if (contentType !== undefined) header.set("content-type", contentType);
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

function contentTypeOf({ protocol, codec, method }: Route): string | undefined {
	if (method === "GET") return undefined;
	return protocol === "connect"
		? unaryProtocols.connect.contentType(codec)
		: streamProtocols[protocol].contentType(codec);
}

function ownHeaders(route: Route, response: UniversalServerResponse): HeaderFields {
	if (route.procedure.method.methodKind !== "unary") return streamHeaders;
	if (response.status >= 400) return ["cache-control", "no-store"];
	return route.method === "GET" ? getHeaders : [];
}
