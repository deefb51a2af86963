import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";

/** Lists the one code of each reason, as the contract has them. */
const codes: Readonly<Record<ErrorReason, Code>> = {
	[ErrorReason.UNSPECIFIED]: Code.Internal,
	[ErrorReason.WUKONG_NOT_FOUND]: Code.NotFound,
	[ErrorReason.NAMESPACE_NOT_FOUND]: Code.NotFound,
	[ErrorReason.WUKONG_ALREADY_EXISTS]: Code.AlreadyExists,
	[ErrorReason.REQUEST_ID_REUSED]: Code.AlreadyExists,
	[ErrorReason.RESOURCE_VERSION_CONFLICT]: Code.Aborted,
	[ErrorReason.WUKONG_DELETING]: Code.FailedPrecondition,
	[ErrorReason.INVALID_WUKONG]: Code.InvalidArgument,
	[ErrorReason.INVALID_REQUEST]: Code.InvalidArgument,
	[ErrorReason.PAGE_TOKEN_INVALID]: Code.InvalidArgument,
	[ErrorReason.PAGE_TOKEN_EXPIRED]: Code.InvalidArgument,
	[ErrorReason.UNAUTHENTICATED]: Code.Unauthenticated,
	[ErrorReason.PERMISSION_DENIED]: Code.PermissionDenied,
	[ErrorReason.TOO_MANY_REQUESTS]: Code.ResourceExhausted,
	[ErrorReason.REQUEST_TOO_LARGE]: Code.ResourceExhausted,
	[ErrorReason.UPSTREAM_UNAVAILABLE]: Code.Unavailable,
	[ErrorReason.WRITE_OUTCOME_UNKNOWN]: Code.Unavailable,
	[ErrorReason.VERSION_NOT_REACHED]: Code.Unavailable,
	[ErrorReason.SHUTTING_DOWN]: Code.Unavailable,
	[ErrorReason.DEADLINE_EXCEEDED]: Code.DeadlineExceeded,
	[ErrorReason.CANCELED]: Code.Canceled,
	[ErrorReason.METHOD_NOT_FOUND]: Code.Unimplemented,
	[ErrorReason.INTERNAL]: Code.Internal,
	[ErrorReason.TOKEN_EXPIRED]: Code.Unauthenticated,
	[ErrorReason.WUKONG_NOT_RUNNING]: Code.FailedPrecondition,
	[ErrorReason.NOT_SUPPORTED]: Code.Unimplemented,
};

/** Returns the code of a reason. */
export function codeOf(reason: ErrorReason): Code {
	return codes[reason];
}

/**
 * Returns the reason of an error that connect itself raised, by its code: connect raises these
 * for invalid protocol input, size limits, deadlines and cancellation.
 * @returns undefined where a code says too little; such an error is our own fault
 */
export function reasonOfConnectCode(code: Code): ErrorReason | undefined {
	switch (code) {
		case Code.InvalidArgument:
			return ErrorReason.INVALID_REQUEST;
		case Code.ResourceExhausted:
			return ErrorReason.REQUEST_TOO_LARGE;
		case Code.Unimplemented:
			return ErrorReason.METHOD_NOT_FOUND;
		case Code.DeadlineExceeded:
			return ErrorReason.DEADLINE_EXCEEDED;
		case Code.Canceled:
			return ErrorReason.CANCELED;
		case Code.Unauthenticated:
			return ErrorReason.UNAUTHENTICATED;
		case Code.PermissionDenied:
			return ErrorReason.PERMISSION_DENIED;
		default:
			return undefined;
	}
}

/** Lists the codes as the Connect protocol spells them on the wire ("Error codes"). */
const codeNames: Readonly<Record<Code, string>> = {
	[Code.Canceled]: "canceled",
	[Code.Unknown]: "unknown",
	[Code.InvalidArgument]: "invalid_argument",
	[Code.DeadlineExceeded]: "deadline_exceeded",
	[Code.NotFound]: "not_found",
	[Code.AlreadyExists]: "already_exists",
	[Code.PermissionDenied]: "permission_denied",
	[Code.ResourceExhausted]: "resource_exhausted",
	[Code.FailedPrecondition]: "failed_precondition",
	[Code.Aborted]: "aborted",
	[Code.OutOfRange]: "out_of_range",
	[Code.Unimplemented]: "unimplemented",
	[Code.Internal]: "internal",
	[Code.Unavailable]: "unavailable",
	[Code.DataLoss]: "data_loss",
	[Code.Unauthenticated]: "unauthenticated",
};

/** Returns the name of a code in log and metrics: the one that callers see; `ok` where nothing failed. */
export function codeName(code: Code | undefined): string {
	return code === undefined ? "ok" : codeNames[code];
}
