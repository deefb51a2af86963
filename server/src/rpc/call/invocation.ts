import type { DescMethod, Message } from "@bufbuild/protobuf";
import type {
	ConnectError,
	ContextKey,
	ContextValues,
	HandlerContext,
	StreamRequest,
	UnaryRequest,
} from "@connectrpc/connect";
import type { Exchange } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { Codec } from "../codec/codec.ts";
import { type CallContext, callContextKey, localUrl } from "./call-context.ts";
import { Cancellation } from "./cancellation.ts";
import { LazyHeaders } from "./lazy-headers.ts";

/** What an invocation needs of the request that it came by. */
export type InvocationSource = Pick<Exchange, "rawHeaders">;

/** What an invocation starts with. */
export interface InvocationStart<S extends InvocationSource = Exchange> {
	readonly exchange: S;
	readonly method: DescMethod;
	/** Path and query. */
	readonly path: string;
	/** POST, or GET for GET and HEAD. */
	readonly httpMethod: string;
	readonly codec: Codec;
	readonly context: CallContext;
	/** Header fields of every response. */
	readonly common: HeaderFields;
	/** Time left until the deadline; undefined: there is none. */
	readonly leftMs: () => number | undefined;
}

/**
 * The part of a call that its interceptors and its implementation share: headers, values and
 * cancellation. It exists once the request message is read. A class: each call has one.
 */
export class Invocation<S extends InvocationSource = Exchange> {
	readonly start: InvocationStart<S>;
	readonly cancellation: Cancellation = new Cancellation();
	readonly requestHeader: Headers;
	readonly responseHeader: LazyHeaders = new LazyHeaders([]);
	readonly responseTrailer: LazyHeaders = new LazyHeaders([]);
	readonly values: ContextValues;

	constructor(start: InvocationStart<S>) {
		this.start = start;
		this.requestHeader = new LazyHeaders(start.exchange.rawHeaders);
		this.values = new InvocationValues(callContextKey, start.context);
	}

	/** Breaks the call off: nobody waits for the implementation any longer. */
	abort(reason: ConnectError): void {
		this.cancellation.abort(reason);
	}
}

/**
 * Context values of one call. A class over a list that is searched from its start: a call has two or
 * three of them.
 */
export class InvocationValues implements ContextValues {
	/** Keys and values, one after the other. */
	readonly #entries: unknown[];

	/** Starts with one value. */
	constructor({ id }: ContextKey<unknown>, value: unknown) {
		this.#entries = [id, value];
	}

	get<T>(key: ContextKey<T>): T {
		const at = this.#find(key);
		return at === -1 ? key.defaultValue : (this.#entries[at + 1] as T);
	}

	set<T>(key: ContextKey<T>, value: T): this {
		const at = this.#find(key);
		if (at === -1) this.#entries.push(key.id, value);
		else this.#entries[at + 1] = value;
		return this;
	}

	delete(key: ContextKey<unknown>): this {
		const at = this.#find(key);
		if (at !== -1) this.#entries.splice(at, 2);
		return this;
	}

	#find({ id }: ContextKey<unknown>): number {
		for (let at = 0; at < this.#entries.length; at += 2) if (this.#entries[at] === id) return at;
		return -1;
	}
}

type AnyRequest = UnaryRequest | StreamRequest;

/**
 * The request that interceptors see. A class, so that its signal is created only when somebody asks
 * for it; all else are fields of its own, which interceptors may spread.
 */
export class InvocationRequest {
	readonly stream: boolean;
	readonly method: AnyRequest["method"];
	readonly service: AnyRequest["service"];
	readonly requestMethod: string;
	readonly url: string;
	readonly header: Headers;
	readonly contextValues: AnyRequest["contextValues"];
	readonly message: Message | AsyncIterable<Message>;
	readonly #invocation: Invocation<InvocationSource>;

	/** @param messages of a stream; undefined: it is unary */
	constructor(
		invocation: Invocation<InvocationSource>,
		message: Message,
		messages: AsyncIterable<Message> | undefined,
	) {
		const { method, httpMethod } = invocation.start;
		this.stream = messages !== undefined;
		this.method = method as AnyRequest["method"];
		this.service = method.parent;
		this.requestMethod = httpMethod;
		const { context, path } = invocation.start;
		this.url = localUrl(context, path);
		this.header = invocation.requestHeader;
		this.contextValues = invocation.values;
		this.message = messages ?? message;
		this.#invocation = invocation;
	}

	get signal(): AbortSignal {
		return this.#invocation.cancellation.signal;
	}
}

/** Creates the request of a unary call. */
export function createUnaryRequest(invocation: Invocation, message: Message): UnaryRequest {
	return new InvocationRequest(invocation, message, undefined) as unknown as UnaryRequest;
}

/** Creates the request of a server stream, whose one message is iterated. */
export function createStreamRequest(
	invocation: Invocation<InvocationSource>,
	message: Message,
): StreamRequest {
	async function* messages() {
		yield message;
	}
	return new InvocationRequest(invocation, message, messages()) as unknown as StreamRequest;
}

/**
 * Gives a request its signal back: `{ ...request, header }`, by which interceptors change a part,
 * drops it.
 */
export function withSignal(
	request: AnyRequest,
	invocation: Invocation<InvocationSource>,
): AnyRequest {
	const { message } = request;
	if ("signal" in request) return request;
	return Object.assign(new InvocationRequest(invocation, message as Message, undefined), request);
}

/**
 * Context that implementations see of their invocation. A class, for its signal, as {@link
 * InvocationRequest}.
 */
class InvocationContext implements HandlerContext {
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

	constructor(invocation: Invocation<InvocationSource>, request: AnyRequest) {
		const { method, context, leftMs } = invocation.start;
		this.service = method.parent;
		this.method = method;
		this.protocolName = context.protocol;
		this.requestMethod = request.requestMethod;
		this.url = request.url;
		this.timeoutMs = leftMs;
		this.requestHeader = request.header;
		this.responseHeader = invocation.responseHeader;
		this.responseTrailer = invocation.responseTrailer;
		this.values = request.contextValues;
		this.#request = request;
	}

	get signal(): AbortSignal {
		return this.#request.signal;
	}
}

/** Creates the context from a request whose parts interceptors may have replaced. */
export function createHandlerContext(
	invocation: Invocation<InvocationSource>,
	request: AnyRequest,
): HandlerContext {
	return new InvocationContext(invocation, request);
}
