import type { Message } from "@bufbuild/protobuf";
import type { HandlerContext, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import type { Call } from "./call.ts";

type AnyRequest = UnaryRequest | StreamRequest;

/**
 * A request as interceptors and implementations are given it. A class, so that its signal comes
 * into being when it is asked for; all else are fields of its own.
 */
export class CallRequest {
	readonly stream: boolean;
	readonly method: AnyRequest["method"];
	readonly service: AnyRequest["service"];
	readonly requestMethod: string;
	readonly url: string;
	readonly header: Headers;
	readonly contextValues: AnyRequest["contextValues"];
	readonly message: Message | AsyncIterable<Message>;
	readonly #call: Call;

	/** @param messages of a stream; undefined: it is unary */
	constructor(call: Call, message: Message, messages: AsyncIterable<Message> | undefined) {
		const { method, httpMethod } = call.start;
		this.stream = messages !== undefined;
		this.method = method as AnyRequest["method"];
		this.service = method.parent;
		this.requestMethod = httpMethod;
		this.url = urlOf(call);
		this.header = call.requestHeader;
		this.contextValues = call.values;
		this.message = messages ?? message;
		this.#call = call;
	}

	get signal(): AbortSignal {
		return this.#call.cancellation.signal;
	}
}

export function createUnaryRequest(call: Call, message: Message): UnaryRequest {
	return new CallRequest(call, message, undefined) as unknown as UnaryRequest;
}

export function createStreamRequest(call: Call, message: Message): StreamRequest {
	async function* messages() {
		yield message;
	}
	return new CallRequest(call, message, messages()) as unknown as StreamRequest;
}

/** `{ ...request, header }` is how interceptors change a part; it has left the signal behind. */
export function withSignal(request: AnyRequest, call: Call): AnyRequest {
	const { message } = request;
	if ("signal" in request) return request;
	return Object.assign(new CallRequest(call, message as Message, undefined), request);
}

/** What implementations are told of their call. A class, for its signal, as {@link CallRequest}. */
class CallHandlerContext implements HandlerContext {
	readonly service: HandlerContext["service"];
	readonly method: HandlerContext["method"];
	readonly protocolName: string;
	readonly requestMethod: string;
	readonly url: string;
	readonly timeoutMs: () => number | undefined;
	readonly requestHeader: Headers;
	readonly responseHeader: Headers;
	readonly responseTrailer: Headers;
	readonly values: HandlerContext["values"];
	readonly #request: AnyRequest;

	constructor(call: Call, request: AnyRequest) {
		const { method, context, leftMs } = call.start;
		this.service = method.parent;
		this.method = method;
		this.protocolName = context.protocol;
		this.requestMethod = request.requestMethod;
		this.url = request.url;
		this.timeoutMs = leftMs;
		this.requestHeader = request.header;
		this.responseHeader = call.responseHeader;
		this.responseTrailer = call.responseTrailer;
		this.values = request.contextValues;
		this.#request = request;
	}

	get signal(): AbortSignal {
		return this.#request.signal;
	}
}

/** Interceptors may have put other parts into the request. */
export function createHandlerContext(call: Call, request: AnyRequest): HandlerContext {
	return new CallHandlerContext(call, request);
}

/** The authority was judged before; only path and query are of use here. */
function urlOf({ start: { context, path } }: Call): string {
	return `${context.secure ? "https" : "http"}://localhost${path}`;
}
