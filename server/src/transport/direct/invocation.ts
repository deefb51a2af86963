import type { DescMessage } from "@bufbuild/protobuf";
import { create, isMessage, type Message } from "@bufbuild/protobuf";
import type {
	HandlerContext,
	Interceptor,
	MethodImplSpec,
	StreamRequest,
	StreamResponse,
	UnaryRequest,
	UnaryResponse,
} from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { leaveStream } from "../leave-on-abort.ts";
import type { Call } from "./call.ts";
import { isSliced } from "./sliced-stream.ts";

type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;
type StreamSpec = Extract<MethodImplSpec, { kind: "server_streaming" }>;

/** Interceptors from the outermost to the innermost. */
type Interceptors = readonly Interceptor[];

/**
 * Runs a unary implementation within its interceptors. A call that is broken off is not waited
 * for, whatever its implementation does.
 */
export function invokeUnary(
	{ spec, interceptors }: { readonly spec: UnarySpec; readonly interceptors: Interceptors },
	call: Call,
	message: Message,
): Promise<UnaryResponse> {
	const implement = (request: UnaryRequest) =>
		new Promise<UnaryResponse>((resolve, reject) => {
			if (call.abortReason !== undefined) throw call.abortReason;
			call.onAbort(reject);
			const output = spec.impl(request.message, createHandlerContext(call, request));
			const answer = (init: Awaited<typeof output>) => {
				resolve(createUnaryResponse(call, toMessage(spec.method.output, init)));
			};
			// What an implementation has at once costs no turn of the microtask queue.
			if (output instanceof Promise) output.then(answer).catch(reject);
			else answer(output as Awaited<typeof output>);
		});
	const next = intercept(
		implement as (request: UnaryRequest | StreamRequest) => never,
		interceptors,
	);
	return next(createUnaryRequest(call, message)) as Promise<UnaryResponse>;
}

/** Starts a server-streaming implementation within its interceptors. */
export function invokeStream(
	{ spec, interceptors }: { readonly spec: StreamSpec; readonly interceptors: Interceptors },
	call: Call,
	message: Message,
): Promise<StreamResponse> {
	const implement = async (request: StreamRequest): Promise<StreamResponse> => {
		const input = await onlyMessage(request.message);
		if (call.abortReason !== undefined) throw call.abortReason;
		const output = spec.impl(input, createHandlerContext(call, request));
		// A stream that can be taken in slices hears of the end itself, by its signal.
		const stream = isSliced(output) ? output : leaveStream(output, call.signal);
		return createStreamResponse(call, stream as AsyncIterable<Message>);
	};
	const next = intercept(
		implement as (request: UnaryRequest | StreamRequest) => never,
		interceptors,
	);
	return next(createStreamRequest(call, message)) as Promise<StreamResponse>;
}

/** A message, from a message or from what one is made of. */
export function toMessage(schema: DescMessage, init: unknown): Message {
	return isMessage(init, schema) ? init : create(schema, init as Record<string, unknown>);
}

type AnyFn = ReturnType<Interceptor>;

function intercept(innermost: AnyFn, interceptors: Interceptors): AnyFn {
	let next = innermost;
	for (let i = interceptors.length - 1; i >= 0; i--) next = (interceptors[i] as Interceptor)(next);
	return next;
}

async function onlyMessage(messages: AsyncIterable<Message>): Promise<Message> {
	let only: Message | undefined;
	for await (const message of messages) only ??= message;
	if (only === undefined)
		throw new ConnectError("the request message is missing", Code.Unimplemented);
	return only;
}

// Getters on the literals themselves: those of a prototype are lost by `{...request}`.

function createUnaryRequest(call: Call, message: Message): UnaryRequest {
	return {
		stream: false,
		method: call.method as UnaryRequest["method"],
		service: call.method.parent,
		requestMethod: call.httpMethod,
		message,
		get url() {
			return urlOf(call);
		},
		get signal() {
			return call.signal;
		},
		get header() {
			return call.requestHeader;
		},
		get contextValues() {
			return call.values;
		},
	};
}

function createStreamRequest(call: Call, message: Message): StreamRequest {
	async function* messages() {
		yield message;
	}
	return {
		stream: true,
		method: call.method as StreamRequest["method"],
		service: call.method.parent,
		requestMethod: call.httpMethod,
		message: messages(),
		get url() {
			return urlOf(call);
		},
		get signal() {
			return call.signal;
		},
		get header() {
			return call.requestHeader;
		},
		get contextValues() {
			return call.values;
		},
	};
}

function createHandlerContext(call: Call, request: UnaryRequest | StreamRequest): HandlerContext {
	return {
		service: call.method.parent,
		method: call.method,
		protocolName: call.context.protocol,
		requestMethod: call.httpMethod,
		timeoutMs: call.leftMs,
		get url() {
			return request.url;
		},
		get signal() {
			return request.signal;
		},
		get requestHeader() {
			return request.header;
		},
		get responseHeader() {
			return call.responseHeader;
		},
		get responseTrailer() {
			return call.responseTrailer;
		},
		get values() {
			return request.contextValues;
		},
	};
}

function createUnaryResponse(call: Call, message: Message): UnaryResponse {
	return {
		stream: false,
		method: call.method as UnaryResponse["method"],
		service: call.method.parent,
		message,
		get header() {
			return call.responseHeader;
		},
		get trailer() {
			return call.responseTrailer;
		},
	};
}

function createStreamResponse(call: Call, message: AsyncIterable<Message>): StreamResponse {
	return {
		stream: true,
		method: call.method as StreamResponse["method"],
		service: call.method.parent,
		message,
		get header() {
			return call.responseHeader;
		},
		get trailer() {
			return call.responseTrailer;
		},
	};
}

/** The authority was judged before; only path and query are of use here. */
function urlOf({ context, path }: Call): string {
	return `${context.secure ? "https" : "http"}://localhost${path}`;
}
