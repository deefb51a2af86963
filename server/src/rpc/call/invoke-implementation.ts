import type { DescMessage } from "@bufbuild/protobuf";
import { create, isMessage, type Message } from "@bufbuild/protobuf";
import type {
	Interceptor,
	MethodImplSpec,
	StreamRequest,
	StreamResponse,
	UnaryRequest,
	UnaryResponse,
} from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { isBatched } from "../batched-stream.ts";
import type { Call } from "./call.ts";
import {
	createHandlerContext,
	createStreamRequest,
	createUnaryRequest,
	withSignal,
} from "./call-request.ts";
import { leaveStream } from "./leave-on-abort.ts";

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
			const { cancellation } = call;
			if (cancellation.reason !== undefined) throw cancellation.reason;
			cancellation.onAbort(reject);
			const output = spec.impl(request.message, createHandlerContext(call, request));
			const answer = (init: Awaited<typeof output>) => {
				resolve(createUnaryResponse(call, toMessage(spec.method.output, init)));
			};
			// What an implementation has at once costs no turn of the microtask queue.
			if (isPromiseLike(output)) Promise.resolve(output).then(answer).catch(reject);
			else answer(output);
		});
	const next = intercept(call, implement as AnyFn, interceptors);
	return begin(next, createUnaryRequest(call, message)) as Promise<UnaryResponse>;
}

/** Starts a server-streaming implementation within its interceptors. */
export function invokeStream(
	{ spec, interceptors }: { readonly spec: StreamSpec; readonly interceptors: Interceptors },
	call: Call,
	message: Message,
): Promise<StreamResponse> {
	const implement = async (request: StreamRequest): Promise<StreamResponse> => {
		const input = await onlyMessage(request.message);
		const { cancellation } = call;
		if (cancellation.reason !== undefined) throw cancellation.reason;
		const output = spec.impl(input, createHandlerContext(call, request));
		if (isBatched(output)) {
			cancellation.hold(output);
			return createStreamResponse(call, output as AsyncIterable<Message>);
		}
		const stream = leaveStream(output, cancellation.signal);
		return createStreamResponse(call, stream as AsyncIterable<Message>);
	};
	const next = intercept(call, implement as AnyFn, interceptors);
	return begin(next, createStreamRequest(call, message)) as Promise<StreamResponse>;
}

/** A message, from a message or from what one is made of. */
export function toMessage(schema: DescMessage, init: unknown): Message {
	return isMessage(init, schema) ? init : create(schema, init as Record<string, unknown>);
}

type AnyFn = ReturnType<Interceptor>;

function intercept(call: Call, innermost: AnyFn, interceptors: Interceptors): AnyFn {
	let next = innermost;
	for (let i = interceptors.length - 1; i >= 0; i--) {
		const inner = next;
		next = (interceptors[i] as Interceptor)((request) => inner(withSignal(request, call)));
	}
	return next;
}

/** An interceptor that is no async function may throw at once: that, too, is a call that fails. */
function begin(next: AnyFn, request: UnaryRequest | StreamRequest): ReturnType<AnyFn> {
	try {
		return next(request);
	} catch (error) {
		return Promise.reject(error);
	}
}

function isPromiseLike<T>(output: T | PromiseLike<T>): output is PromiseLike<T> {
	return typeof (output as Partial<PromiseLike<T>> | undefined)?.then === "function";
}

async function onlyMessage(messages: AsyncIterable<Message>): Promise<Message> {
	let only: Message | undefined;
	for await (const message of messages) only ??= message;
	if (only === undefined)
		throw new ConnectError("the request message is missing", Code.Unimplemented);
	return only;
}

function createUnaryResponse(call: Call, message: Message): UnaryResponse {
	const { method } = call.start;
	return {
		stream: false,
		method: method as UnaryResponse["method"],
		service: method.parent,
		header: call.responseHeader,
		trailer: call.responseTrailer,
		message,
	};
}

function createStreamResponse(call: Call, message: AsyncIterable<Message>): StreamResponse {
	const { method } = call.start;
	return {
		stream: true,
		method: method as StreamResponse["method"],
		service: method.parent,
		header: call.responseHeader,
		trailer: call.responseTrailer,
		message,
	};
}
