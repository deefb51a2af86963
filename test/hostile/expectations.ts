import { Code } from "@connectrpc/connect";
import type { Expected, Fields } from "./row.ts";

/** What surrounds the message is at fault: INVALID_REQUEST. */
export const invalidRequest: Expected = {
	kind: "error",
	code: Code.InvalidArgument,
	reason: "INVALID_REQUEST",
};

/** A body that is no message, or a message with fields that break a rule: INVALID_REQUEST that names them. */
export const invalidMessage: Expected = { ...invalidRequest, violations: true };

/** A VM that breaks a rule: INVALID_WUKONG. */
export const invalidWukong: Expected = {
	kind: "error",
	code: Code.InvalidArgument,
	reason: "INVALID_WUKONG",
	violations: true,
};

/** A message, or what it would become, is over a limit: RESOURCE_EXHAUSTED. */
export const tooLarge: Expected = {
	kind: "error",
	code: Code.ResourceExhausted,
	reason: "REQUEST_TOO_LARGE",
};

/** The protocols' own word for a wrong number of messages, an unknown method or encoding. */
export const unimplemented: Expected = {
	kind: "error",
	code: Code.Unimplemented,
	reason: "METHOD_NOT_FOUND",
};

/** The protocols' own word for an envelope that promises what cannot be. */
export const brokenFraming: Expected = { kind: "error", code: Code.Internal, reason: "INTERNAL" };

/** The call's time was over. */
export const deadlineExceeded: Expected = {
	kind: "error",
	code: Code.DeadlineExceeded,
	reason: "DEADLINE_EXCEEDED",
};

/** The call is answered. */
export const served: Expected = { kind: "served" };

/** A content type that the procedure does not take. */
export const unsupportedType: Expected = status(415, ["accept-post", "application/"]);

/** An HTTP status, and header fields whose values hold the given text. */
export function status(httpStatus: number, ...headers: Fields): Expected {
	return { kind: "status", httpStatus, headers };
}
