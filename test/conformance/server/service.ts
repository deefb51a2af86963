import { setTimeout as pause } from "node:timers/promises";
import type { Message } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { scriptedError, setFields } from "./metadata.ts";
import type {
	ClientStreamRequest,
	ConformanceService,
	StreamResponseDefinition,
	UnaryResponseDefinition,
} from "./protos.ts";
import { requestInfo } from "./request-info.ts";

/**
 * The service that the suite calls: each request scripts its own answer, and what came is told
 * back in it. Its rules are the comments of the suite's service.proto. `unimplemented` is left
 * out, as they ask.
 */
export const conformanceService: Partial<ServiceImpl<typeof ConformanceService>> = {
	unary: (request, context) => answer(request.responseDefinition, [request], context),
	idempotentUnary: (request, context) => answer(request.responseDefinition, [request], context),
	async clientStream(requests, context) {
		const received: ClientStreamRequest[] = [];
		for await (const request of requests) received.push(request);
		return answer(received[0]?.responseDefinition, received, context);
	},
	serverStream: (request, context) => answers(inOneGo([request]), context),
	bidiStream: (requests, context) => answers(requests, context),
};

/** One message of a stream. The first one is the script. */
interface StreamRequest extends Message {
	readonly responseDefinition?: StreamResponseDefinition | undefined;
	/** An answer after each request, rather than all after the last. */
	readonly fullDuplex?: boolean;
}

async function answer(
	script: UnaryResponseDefinition | undefined,
	received: readonly Message[],
	context: HandlerContext,
) {
	setFields(context.responseHeader, script?.responseHeaders);
	setFields(context.responseTrailer, script?.responseTrailers);
	await delay(script, context);
	const info = requestInfo(received, context);
	if (script?.response.case === "error") throw scriptedError(script.response.value, info);
	return { payload: { data: script?.response.value ?? new Uint8Array(), requestInfo: info } };
}

async function* answers(requests: AsyncIterable<StreamRequest>, context: HandlerContext) {
	let first: StreamRequest | undefined;
	let sent = 0;
	/** Not told back yet. */
	let received: Message[] = [];

	async function next(data: Uint8Array) {
		await delay(first?.responseDefinition, context);
		const isNews = sent === 0 || received.length > 0;
		const info = isNews ? requestInfo(received, context, sent === 0) : undefined;
		received = [];
		sent++;
		return { payload: info === undefined ? { data } : { data, requestInfo: info } };
	}

	for await (const request of requests) {
		received.push(request);
		if (first === undefined) {
			first = request;
			setFields(context.responseHeader, first.responseDefinition?.responseHeaders);
			setFields(context.responseTrailer, first.responseDefinition?.responseTrailers);
		}
		if (first.fullDuplex !== true) continue;
		const data = first.responseDefinition?.responseData[sent];
		if (data === undefined) break;
		yield await next(data);
	}
	const script = first?.responseDefinition;
	for (const data of script?.responseData.slice(sent) ?? []) yield await next(data);
	if (script?.error !== undefined) {
		throw scriptedError(script.error, sent === 0 ? requestInfo(received, context) : undefined);
	}
}

async function* inOneGo<T>(requests: readonly T[]): AsyncIterable<T> {
	yield* requests;
}

/** The one place where a test waits by the clock: the suite asks for it. */
async function delay(
	script: { readonly responseDelayMs: number } | undefined,
	{ signal }: HandlerContext,
): Promise<void> {
	const delayMs = script?.responseDelayMs ?? 0;
	if (delayMs > 0) await pause(delayMs, undefined, { signal });
}
