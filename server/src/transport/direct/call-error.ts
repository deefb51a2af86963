import { ConnectError } from "@connectrpc/connect";
import type { TransportObserver } from "../observer.ts";
import { createRefusalError, type RefusalDetails } from "../refusal.ts";
import { internalFault } from "../refusal-kinds.ts";

/** Turns anything thrown into the error that the caller gets; what is none is told as a fault of ours. */
export function toCallError(
	error: unknown,
	{
		observer,
		refusalDetails,
	}: {
		readonly observer: Pick<TransportObserver, "unexpected">;
		readonly refusalDetails: RefusalDetails;
	},
): ConnectError {
	if (error instanceof ConnectError) return error;
	observer.unexpected(error);
	return createRefusalError(internalFault, refusalDetails);
}
