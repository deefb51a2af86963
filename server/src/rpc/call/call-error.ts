import { ConnectError } from "@connectrpc/connect";
import type { Codec } from "../codec/codec.ts";
import type { RpcObserver } from "../observer.ts";
import type { Answer, Failing, Metadata } from "../protocol/protocol.ts";
import { createRefusalError, internalFault, type RefusalDetails } from "../refusals.ts";

/** What a failure is told with. */
export interface FailureOptions {
	readonly observer: Pick<RpcObserver, "unexpected">;
	readonly refusalDetails: RefusalDetails;
}

/** A failure as its caller gets it; one that cannot be written is told, and INTERNAL stands in its place. */
export function answerFailure(
	error: unknown,
	{ protocol, codec, metadata }: FailureTerms,
	options: FailureOptions,
): Answer {
	try {
		return protocol.failure(codec, toCallError(error, options), metadata);
	} catch (fault) {
		const internal = toInternal(fault, options);
		return protocol.failure(codec, internal, { header: undefined, trailer: undefined });
	}
}

/** How a failure is written. */
export interface FailureTerms {
	readonly protocol: Failing;
	readonly codec: Codec;
	/** What was set before the call failed. */
	readonly metadata: Metadata;
}

/** Turns anything thrown into the error that the caller gets; what is none is told as a fault of ours. */
export function toCallError(error: unknown, options: FailureOptions): ConnectError {
	return error instanceof ConnectError ? error : toInternal(error, options);
}

/** Tells of a fault of ours, of which the caller gets no more than that there is one. */
export function toInternal(
	fault: unknown,
	{ observer, refusalDetails }: FailureOptions,
): ConnectError {
	observer.unexpected(fault);
	return createRefusalError(internalFault, refusalDetails);
}
