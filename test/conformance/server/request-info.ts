import { create, type Message } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { fieldsOf } from "./metadata.ts";
import {
	type ConformancePayload_RequestInfo,
	ConformancePayload_RequestInfoSchema,
} from "./protos.ts";

/** A port bounds calls whose callers set no deadline; what is told back is the caller's own. */
const timeoutHeaders = ["connect-timeout-ms", "grpc-timeout"];

/**
 * What came, to be told back.
 * @param isFirst false: the requests alone, because the rest was told before.
 */
export function requestInfo(
	received: readonly Message[],
	context: HandlerContext,
	isFirst = true,
): ConformancePayload_RequestInfo {
	const requests = received.map((request) => anyPack(context.method.input, request));
	if (!isFirst) return create(ConformancePayload_RequestInfoSchema, { requests });
	const timeoutMs = context.timeoutMs();
	const isAsked = timeoutHeaders.some((name) => context.requestHeader.has(name));
	const query = new URL(context.url).searchParams;
	return create(ConformancePayload_RequestInfoSchema, {
		requests,
		requestHeaders: fieldsOf(context.requestHeader),
		...(isAsked && timeoutMs !== undefined && { timeoutMs: BigInt(Math.ceil(timeoutMs)) }),
		...(context.requestMethod === "GET" && { connectGetInfo: { queryParams: fieldsOf(query) } }),
	});
}
