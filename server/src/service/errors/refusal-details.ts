import type { ConnectError } from "@connectrpc/connect";
import type { ErrorReason } from "@novasphere/wukong-gen/error";
import { errorDomain, type FieldViolation, reasonName } from "../../failure.ts";
import { badRequest, errorInfo, retryInfo } from "./error-details.ts";

/** Details of a request that was refused before any interceptor saw it: ErrorInfo, BadRequest where fields are at fault, RetryInfo where waiting helps. */
export function refusalDetails(refusal: {
	readonly reason: ErrorReason;
	readonly violations?: readonly FieldViolation[];
	readonly retryAfterMs?: number;
}): NonNullable<ConstructorParameters<typeof ConnectError>[3]> {
	const reason = reasonName(refusal.reason);
	const details = [errorInfo({ reason, domain: errorDomain, wukong: undefined })];
	if (refusal.violations !== undefined) details.push(badRequest(refusal.violations));
	if (refusal.retryAfterMs !== undefined) details.push(retryInfo(refusal.retryAfterMs));
	return details;
}
