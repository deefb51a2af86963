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
import {
	createHandlerContext,
	createStreamRequest,
	createUnaryRequest,
	type Invocation,
	type InvocationSource,
	withSignal,
} from "./invocation.ts";
import { leaveStream } from "./leave-on-abort.ts";

/** A unary procedure. */
export interface UnaryProcedure {
	readonly spec: Extract<MethodImplSpec, { kind: "unary" }>;
	/** Interceptors from the outermost to the innermost. */
	readonly interceptors: readonly Interceptor[];
}

/** A server-streaming procedure. */
export interface StreamProcedure {
	readonly spec: Extract<MethodImplSpec, { kind: "server_streaming" }>;
	/** Interceptors from the outermost to the innermost. */
	readonly interceptors: readonly Interceptor[];
}

/** A procedure with one request message. */
export type DirectProcedure = UnaryProcedure | StreamProcedure;

/**
 * Runs a unary implementation within its interceptors. A call that is broken off is not waited
 * for, whatever its implementation does.
 */
export function invokeUnary(
	{ spec, interceptors }: UnaryProcedure,
	invocation: Invocation,
	message: Message,
): Promise<UnaryResponse> {
	const implement = (request: UnaryRequest) =>
		new Promise<UnaryResponse>((resolve, reject) => {
			const { cancellation } = invocation;
			if (cancellation.reason !== undefined) throw cancellation.reason;
			cancellation.onAbort(reject);
			const output = spec.impl(request.message, createHandlerContext(invocation, request));
			const answer = (init: Awaited<typeof output>) => {
				resolve(createUnaryResponse(invocation, toMessage(spec.method.output, init)));
			};
			// What an implementation has at once costs no turn of the microtask queue.
			if (isPromiseLike(output)) Promise.resolve(output).then(answer).catch(reject);
			else answer(output);
		});
	const next = intercept(invocation, implement as AnyFn, interceptors);
	return begin(next, createUnaryRequest(invocation, message)) as Promise<UnaryResponse>;
}

/** Starts a server-streaming implementation within its interceptors. */
export function invokeStream(
	{ spec, interceptors }: StreamProcedure,
	invocation: Invocation<InvocationSource>,
	message: Message,
): Promise<StreamResponse> {
	const implement = async (request: StreamRequest): Promise<StreamResponse> => {
		const input = await onlyMessage(request.message);
		const { cancellation } = invocation;
		if (cancellation.reason !== undefined) throw cancellation.reason;
		const started = spec.impl(input, createHandlerContext(invocation, request));
		// A stream may be opened later; one that cannot be has never been open.
		const output = isPromiseLike(started) ? await started : started;
		if (isBatched(output)) {
			cancellation.hold(output);
			return createStreamResponse(invocation, output as AsyncIterable<Message>);
		}
		const stream = leaveStream(output, cancellation.signal);
		return createStreamResponse(invocation, stream as AsyncIterable<Message>);
	};
	const next = intercept(invocation, implement as AnyFn, interceptors);
	return begin(next, createStreamRequest(invocation, message)) as Promise<StreamResponse>;
}

/** A message, from a message or from what one is made of. */
export function toMessage(schema: DescMessage, init: unknown): Message {
	return isMessage(init, schema) ? init : create(schema, init as Record<string, unknown>);
}

type AnyFn = ReturnType<Interceptor>;

function intercept(
	invocation: Invocation<InvocationSource>,
	innermost: AnyFn,
	interceptors: readonly Interceptor[],
): AnyFn {
	let next = innermost;
	for (let i = interceptors.length - 1; i >= 0; i--) {
		const inner = next;
		next = (interceptors[i] as Interceptor)((request) => inner(withSignal(request, invocation)));
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

export function isPromiseLike<T>(output: T | PromiseLike<T>): output is PromiseLike<T> {
	return typeof (output as Partial<PromiseLike<T>> | undefined)?.then === "function";
}

async function onlyMessage(messages: AsyncIterable<Message>): Promise<Message> {
	let only: Message | undefined;
	for await (const message of messages) only ??= message;
	if (only === undefined)
		throw new ConnectError("the request message is missing", Code.Unimplemented);
	return only;
}

function createUnaryResponse(invocation: Invocation, message: Message): UnaryResponse {
	const { method } = invocation.start;
	return {
		stream: false,
		method: method as UnaryResponse["method"],
		service: method.parent,
		header: invocation.responseHeader,
		trailer: invocation.responseTrailer,
		message,
	};
}

function createStreamResponse(
	invocation: Invocation<InvocationSource>,
	message: AsyncIterable<Message>,
): StreamResponse {
	const { method } = invocation.start;
	return {
		stream: true,
		method: method as StreamResponse["method"],
		service: method.parent,
		header: invocation.responseHeader,
		trailer: invocation.responseTrailer,
		message,
	};
}
