import { Code, type ConnectError } from "@connectrpc/connect";
import { isForbiddenOrigin, isLocal, isRetryable, reasonOf } from "../errors.ts";

/**
 * What a watch does after a failure: `again`, after a wait; `renew`, once there is another token;
 * `doubt`, again, but not for ever, since the answer is final and yet not the service's own (a proxy
 * that has nobody behind it for a while says 404 or 403); `stop`, because no retry can cure it.
 */
export type Cure = "again" | "renew" | "doubt" | "stop";

const final: ReadonlySet<Code> = new Set([
	Code.InvalidArgument,
	Code.NotFound,
	Code.AlreadyExists,
	Code.PermissionDenied,
	Code.FailedPrecondition,
	Code.OutOfRange,
	Code.Unimplemented,
]);

/** Decides by code and reason. Whoever was cancelled by its own caller does not ask. */
export function cureOf(error: ConnectError): Cure {
	if (error.code === Code.Unauthenticated) return "renew";
	if (isForbiddenOrigin(error)) return "stop";
	if (isRetryable(error) || !final.has(error.code)) return "again";
	return isLocal(error) || reasonOf(error) !== undefined ? "stop" : "doubt";
}
