import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "@novasphere/wukong-gen/error-details";
import type { ErrorDescription } from "../../rpc/protocol/rest/error-body.ts";
import { reasonIn } from "./connect-error.ts";

/** Lists the HTTP status of each code in REST, as the contract has them. */
const statuses: Readonly<Record<Code, number>> = {
	[Code.Canceled]: 499,
	[Code.Unknown]: 500,
	[Code.InvalidArgument]: 400,
	[Code.DeadlineExceeded]: 504,
	[Code.NotFound]: 404,
	[Code.AlreadyExists]: 409,
	[Code.PermissionDenied]: 403,
	[Code.ResourceExhausted]: 429,
	[Code.FailedPrecondition]: 400,
	[Code.Aborted]: 409,
	[Code.OutOfRange]: 400,
	[Code.Unimplemented]: 501,
	[Code.Internal]: 500,
	[Code.Unavailable]: 503,
	[Code.DataLoss]: 500,
	[Code.Unauthenticated]: 401,
};

/** Reasons whose status is not that of their code. */
const exceptions: ReadonlyMap<string, number> = new Map([
	["REQUEST_TOO_LARGE", 413],
	["METHOD_NOT_FOUND", 404],
]);

/** Says of an error what REST has in its status, its Status and its Retry-After. */
export function describeError(error: ConnectError): ErrorDescription {
	const reason = reasonIn(error) ?? "INTERNAL";
	const [retryInfo] = error.findDetails(RetryInfoSchema);
	const delay = retryInfo?.retryDelay;
	return {
		reason,
		httpStatus: exceptions.get(reason) ?? statuses[error.code],
		retryAfterMs: delay === undefined ? undefined : durationMs(delay),
	};
}
