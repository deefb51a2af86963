import type { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { errorDomain, reasonName } from "../../failure.ts";
import type { Refusal } from "../../rpc/refusals.ts";
import { reasonOfConnectCode } from "./error-codes.ts";
import { badRequest, errorInfo, retryInfo } from "./error-details.ts";

/**
 * Returns the details of a request that was refused before any interceptor saw it: ErrorInfo,
 * BadRequest where fields are at fault, RetryInfo where waiting helps.
 */
export function refusalDetails(
	refusal: Refusal,
): NonNullable<ConstructorParameters<typeof ConnectError>[3]> {
	const reason = reasonName(reasonOf(refusal));
	const details = [errorInfo({ reason, domain: errorDomain, wukong: undefined })];
	if (refusal.violations !== undefined) details.push(badRequest(refusal.violations));
	if (refusal.retryAfterMs !== undefined) details.push(retryInfo(refusal.retryAfterMs));
	return details;
}

/** Maps cause and code to the contract's reason: both a large request and too many are RESOURCE_EXHAUSTED. */
function reasonOf({ cause, code }: Refusal): ErrorReason {
	if (cause === "unread") return ErrorReason.TOO_MANY_REQUESTS;
	return reasonOfConnectCode(code) ?? ErrorReason.INTERNAL;
}
