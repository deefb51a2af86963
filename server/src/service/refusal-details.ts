import type { ConnectError } from "@connectrpc/connect";
import type { ErrorReason } from "@novasphere/wukong-gen/error";
import { errorDomain, type FieldViolation, reasonName } from "../failure.ts";
import { badRequest, errorInfo } from "./error-details.ts";

/** Details of a request that was refused before any interceptor saw it: ErrorInfo, and BadRequest where fields are at fault. */
export function refusalDetails(refusal: {
	readonly reason: ErrorReason;
	readonly violations?: readonly FieldViolation[];
}): NonNullable<ConstructorParameters<typeof ConnectError>[3]> {
	const reason = reasonName(refusal.reason);
	const details = [errorInfo({ reason, domain: errorDomain, wukong: undefined })];
	if (refusal.violations !== undefined) details.push(badRequest(refusal.violations));
	return details;
}
