import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Logger } from "pino";
import { reasonName } from "../failure.ts";
import { codeName } from "../service/errors/error-codes.ts";
import type {
	CallEnd,
	CallListener,
	CallObserver,
	ObservedCall,
} from "../service/interceptors/call-observer.ts";
import { isCheapRefusal, type RefusalLines } from "./refusal-lines.ts";

/**
 * Logs calls, each with its request id: at info a line for each mutation, each start and end of a
 * stream and each failure, at debug the reads. A stream that ends because its reader leaves, or
 * because this replica shuts down, has not failed. A fault of ours is an error and has its cause. Of
 * what a caller sends, only namespace and name of the VM get into the log. Its address is there as the
 * audit log has it.
 * @param lines bounds the lines of refusals that cost a caller nothing. Default: each is written
 */
export function createAccessLog(logger: Logger, lines?: Pick<RefusalLines, "admit">): CallObserver {
	/** One for all calls: a line is made of the call and its end alone. */
	const listener: CallListener = {
		streamOpened(call) {
			logger.info(describe(call), "stream started");
		},
		callEnded(call, end) {
			const level = levelOf(call, end);
			if (!logger.isLevelEnabled(level)) return;
			const isBounded = lines !== undefined && isCheapRefusal(end.failure?.reason);
			if (isBounded && !lines.admit(call.address ?? "")) return;
			const line = {
				...describe(call),
				code: codeName(end.failure?.code),
				reason: end.failure?.reason,
				durationMs: Math.round(end.durationMs * 10) / 10,
			};
			logger[level]({ ...line, ...causeOf(end) }, messageOf(call, end));
		},
	};
	return { callStarted: () => listener };
}

function describe({ method, protocol, requestId, address, target }: ObservedCall) {
	const { typeName } = method.parent;
	return {
		requestId,
		procedure: `${typeName}/${method.name}`,
		protocol,
		...(address ? { address } : {}),
		...(target === undefined ? {} : { namespace: target.namespace, name: target.name }),
	};
}

function levelOf({ method }: ObservedCall, { failure }: CallEnd): "debug" | "info" | "error" {
	if (failure !== undefined) return failure.code === Code.Internal ? "error" : "info";
	const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
	return isRead && method.methodKind === "unary" ? "debug" : "info";
}

/** Codes whose cause helps: a fault of ours, or what an upstream said of itself and of our rights. */
const codesWithCause: readonly Code[] = [Code.Internal, Code.Unavailable, Code.PermissionDenied];

function causeOf({ failure }: CallEnd) {
	if (failure?.cause === undefined || !codesWithCause.includes(failure.code)) return {};
	return { err: failure.cause };
}

/** Reasons by which a stream ends in order: a watch has no other way to end by its reader's wish, or by ours. */
const orderlyEnds: readonly string[] = [ErrorReason.CANCELED, ErrorReason.SHUTTING_DOWN].map(
	reasonName,
);

function messageOf({ method }: ObservedCall, { failure }: CallEnd): string {
	if (method.methodKind === "unary") return failure === undefined ? "call ended" : "call failed";
	const isOrderly = failure === undefined || orderlyEnds.includes(failure.reason);
	return isOrderly ? "stream ended" : "stream failed";
}
