import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { WukongRef } from "../resource/object.ts";
import { codeName } from "../service/errors/error-codes.ts";
import type { Call, CallEnd, CallObserver } from "../service/interceptors/call-observer.ts";

/**
 * Logs calls, each with its request id: at info a line per mutation, per start and end of a
 * stream and per failure, at debug the reads. A stream ends when its reader leaves: no failure. A fault of ours is an error and has its cause. Of
 * what a caller sent, only namespace and name of the VM get into the log.
 */
export function createAccessLog(logger: Logger): CallObserver {
	return {
		streamStarted(call, wukong) {
			logger.info({ ...describe(call), ...named(wukong) }, "stream started");
		},
		callEnded(call, end) {
			const level = levelOf(call, end);
			if (!logger.isLevelEnabled(level)) return;
			const line = {
				...describe(call),
				...named(end.wukong),
				code: codeName(end.failure?.code),
				reason: end.failure?.reason,
				durationMs: Math.round(end.durationMs * 10) / 10,
			};
			logger[level]({ ...line, ...causeOf(end) }, messageOf(call, end));
		},
	};
}

function describe(call: Call) {
	return {
		requestId: call.requestId,
		procedure: `${call.method.parent.typeName}/${call.method.name}`,
		protocol: call.protocol,
	};
}

function named(wukong: WukongRef | undefined) {
	return wukong === undefined ? {} : { namespace: wukong.namespace, name: wukong.name };
}

function levelOf({ method }: Call, { failure }: CallEnd): "debug" | "info" | "error" {
	if (failure !== undefined) return failure.code === Code.Internal ? "error" : "info";
	const read = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
	return read && method.methodKind === "unary" ? "debug" : "info";
}

/** Where it helps: a fault of ours, or what an upstream said of itself and of our rights. */
const codesWithCause: readonly Code[] = [Code.Internal, Code.Unavailable, Code.PermissionDenied];

function causeOf({ failure }: CallEnd) {
	if (failure?.cause === undefined || !codesWithCause.includes(failure.code)) return {};
	return { err: failure.cause };
}

function messageOf({ method }: Call, { failure }: CallEnd): string {
	if (method.methodKind === "unary") return failure === undefined ? "call ended" : "call failed";
	// A watch has no other way to end by its reader's wish.
	const isWish = failure === undefined || failure.code === Code.Canceled;
	return isWish ? "stream ended" : "stream failed";
}
