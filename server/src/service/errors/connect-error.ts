import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { errorDomain, Failure, reasonName } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { codeOf, reasonOfConnectCode } from "./error-codes.ts";
import { badRequest, errorInfo, retryInfo } from "./error-details.ts";
import { truncateToBytes } from "./truncate.ts";

/** Longest message in bytes of UTF-8: gRPC sends it in a trailer. */
const maxMessageBytes = 1_024;

/**
 * Converts anything thrown into the error that the caller gets: code, our own message,
 * google.rpc.ErrorInfo, and BadRequest or RetryInfo where they apply. Decides by type and
 * reason, never by message. What is no known failure becomes INTERNAL without any detail; the
 * original stays in `cause`, for the log. Converting twice gives the same error.
 * @param target the VM that the request names; a failure's own object takes precedence
 */
export function toConnectError(error: unknown, target?: ObjectRef): ConnectError {
	if (error instanceof Failure) return ofFailure(error, target);
	if (error instanceof ConnectError) return ofConnectError(error, target);
	if (error instanceof Error && error.name === "AbortError") {
		return ofFailure(canceled(error), target);
	}
	if (error instanceof Error && error.name === "TimeoutError") {
		return ofFailure(
			new Failure(ErrorReason.DEADLINE_EXCEEDED, "the deadline has passed", { cause: error }),
			target,
		);
	}
	return ofFailure(internal(error), target);
}

/** Domain of what gRPC's own services say, whose contract is not ours. */
export const grpcDomain = "grpc.io";

const domains: readonly string[] = [errorDomain, grpcDomain];

/** Returns the reason's name in an error of this service; undefined where it has none. */
export function reasonIn(error: ConnectError): string | undefined {
	return error.findDetails(ErrorInfoSchema).find((info) => domains.includes(info.domain))?.reason;
}

function ofFailure(failure: Failure, target: ObjectRef | undefined): ConnectError {
	const { violations, retryAfterMs, object, challenge } = failure.details;
	const details = [
		errorInfo({
			reason: reasonName(failure.reason),
			domain: errorDomain,
			wukong: object ?? target,
		}),
	];
	if (violations !== undefined && violations.length > 0) details.push(badRequest(violations));
	if (retryAfterMs !== undefined) details.push(retryInfo(retryAfterMs));
	const message = truncateToBytes(failure.message, maxMessageBytes);
	const metadata: Record<string, string> = {};
	if (challenge !== undefined) metadata["www-authenticate"] = challenge;
	// Said to proxies and libraries, too, which know nothing of RetryInfo (RFC 6585, 4).
	if (failure.reason === ErrorReason.TOO_MANY_REQUESTS && retryAfterMs !== undefined) {
		metadata["retry-after"] = String(Math.ceil(retryAfterMs / 1_000));
	}
	return new ConnectError(message, codeOf(failure.reason), metadata, details, failure.cause);
}

function ofConnectError(error: ConnectError, target: ObjectRef | undefined): ConnectError {
	if (reasonIn(error) !== undefined) return error;
	const reason = reasonOfConnectCode(error.code);
	if (reason !== undefined) {
		return ofFailure(new Failure(reason, error.rawMessage, { cause: error.cause }), target);
	}
	// Broken framing is INTERNAL by the protocols themselves. An error with a cause is one that
	// connect has wrapped: its text may come from anywhere.
	if (error.code === Code.Internal && error.cause === undefined) {
		return ofFailure(new Failure(ErrorReason.INTERNAL, error.rawMessage), target);
	}
	return ofFailure(internal(error), target);
}

function canceled(cause: unknown): Failure {
	return new Failure(ErrorReason.CANCELED, "the caller left", { cause });
}

function internal(cause: unknown): Failure {
	return new Failure(ErrorReason.INTERNAL, "an internal fault; the log has it by its request id", {
		cause,
	});
}
