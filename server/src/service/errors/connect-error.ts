import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { errorDomain, Failure, reasonName } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { codeOf, reasonOfConnectCode } from "./error-codes.ts";
import { badRequest, errorInfo, retryInfo } from "./error-details.ts";
import { truncateToBytes } from "./truncate.ts";

/** Longest message in bytes: gRPC sends it in a trailer. */
const maxMessageBytes = 1_024;

/**
 * Turns anything thrown into the error that the caller gets: code, our own words,
 * google.rpc.ErrorInfo, and BadRequest or RetryInfo where they apply. Decided by type and
 * reason, never by message. What is not a known failure becomes INTERNAL without any detail; the
 * original stays in `cause`, for the log. Applying it twice gives the same error.
 * @param meant the VM that the request names; a failure's own reference wins.
 */
export function toConnectError(error: unknown, meant?: ObjectRef): ConnectError {
	if (error instanceof Failure) return ofFailure(error, meant);
	if (error instanceof ConnectError) return ofConnectError(error, meant);
	if (error instanceof Error && error.name === "AbortError") {
		return ofFailure(canceled(error), meant);
	}
	if (error instanceof Error && error.name === "TimeoutError") {
		return ofFailure(
			new Failure(ErrorReason.DEADLINE_EXCEEDED, "the deadline has passed", { cause: error }),
			meant,
		);
	}
	return ofFailure(internal(error), meant);
}

/** The reason's name in an error of this service; undefined where it has none. */
export function reasonIn(error: ConnectError): string | undefined {
	return error.findDetails(ErrorInfoSchema).find((info) => info.domain === errorDomain)?.reason;
}

function ofFailure(failure: Failure, meant: ObjectRef | undefined): ConnectError {
	const { violations, retryAfterMs, object } = failure.details;
	const details = [
		errorInfo({
			reason: reasonName(failure.reason),
			domain: errorDomain,
			wukong: object ?? meant,
		}),
	];
	if (violations !== undefined && violations.length > 0) details.push(badRequest(violations));
	if (retryAfterMs !== undefined) details.push(retryInfo(retryAfterMs));
	const message = truncateToBytes(failure.message, maxMessageBytes);
	return new ConnectError(message, codeOf(failure.reason), undefined, details, failure.cause);
}

function ofConnectError(error: ConnectError, meant: ObjectRef | undefined): ConnectError {
	if (reasonIn(error) !== undefined) return error;
	const reason = reasonOfConnectCode(error.code);
	if (reason !== undefined) {
		return ofFailure(new Failure(reason, error.rawMessage, { cause: error.cause }), meant);
	}
	// Broken framing is Internal in the protocols' own words. An error with a cause is one that
	// connect wrapped: its text may come from anywhere.
	if (error.code === Code.Internal && error.cause === undefined) {
		return ofFailure(new Failure(ErrorReason.INTERNAL, error.rawMessage), meant);
	}
	return ofFailure(internal(error), meant);
}

function canceled(cause: unknown): Failure {
	return new Failure(ErrorReason.CANCELED, "the caller left", { cause });
}

function internal(cause: unknown): Failure {
	return new Failure(ErrorReason.INTERNAL, "an internal fault; the log has it by its request id", {
		cause,
	});
}
