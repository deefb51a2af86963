import { ErrorReason } from "@novasphere/wukong-gen/error";

export { ErrorReason };

/** The domain of every google.rpc.ErrorInfo that this service sends. */
export const errorDomain = "novasphere.dev";

/** One field of a request that is at fault. */
export interface FieldViolation {
	/** Contract name from the request's root, as in `wukong.spec.networks[0].vlan_id`. */
	readonly field: string;
	/** For people; our own words. */
	readonly description: string;
}

/** The object that a failure is about. */
interface FailedObject {
	readonly namespace: string;
	readonly name: string;
}

/** Delay that callers are asked to wait for a store that opens or closes, in milliseconds. */
const storeRetryAfterMs = 1_000;

/** What a failure carries besides its reason and message. */
export interface FailureDetails {
	/** Sent as google.rpc.BadRequest. */
	readonly violations?: readonly FieldViolation[];
	/** Sent as google.rpc.RetryInfo. */
	readonly retryAfterMs?: number;
	/** The one object that is meant; sent as metadata of google.rpc.ErrorInfo. */
	readonly object?: FailedObject;
	/** Sent as WWW-Authenticate: how to show a credential (RFC 9110, 11.6.1). */
	readonly challenge?: string;
	/** For the log only; never leaves the process. */
	readonly cause?: unknown;
}

/**
 * A failure with a reason of the contract. Everything below the service throws
 * this and nothing else; the message reaches the caller, so it holds our own
 * words only.
 */
export class Failure extends Error {
	override readonly name = "Failure";
	readonly reason: ErrorReason;
	readonly details: FailureDetails;

	constructor(reason: ErrorReason, message: string, details: FailureDetails = {}) {
		super(message, { cause: details.cause });
		this.reason = reason;
		this.details = details;
	}
}

/** Returns a reason's name on the wire: without the ERROR_REASON_ prefix. */
export function reasonName(reason: ErrorReason): string {
	return ErrorReason[reason];
}

/** Checks for a failure, of the given reason where one is given. */
export function isFailure(error: unknown, reason?: ErrorReason): error is Failure {
	return error instanceof Failure && (reason === undefined || error.reason === reason);
}

/** Creates the failure of a call that comes before the store is open: UPSTREAM_UNAVAILABLE. */
export function storeNotLoaded(): Failure {
	return new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "the store is not loaded yet", {
		retryAfterMs: storeRetryAfterMs,
	});
}

/** Creates the failure of a call that comes after the store was closed: SHUTTING_DOWN. */
export function storeClosed(): Failure {
	return new Failure(ErrorReason.SHUTTING_DOWN, "the store is closed; nothing was written", {
		retryAfterMs: storeRetryAfterMs,
	});
}

/** Creates the failure of a request with invalid fields: INVALID_REQUEST. */
export function invalidRequest(...violations: FieldViolation[]): Failure {
	const message = violationsMessage("the request is invalid", violations);
	return new Failure(ErrorReason.INVALID_REQUEST, message, { violations });
}

/**
 * Builds the message of a failure with violations: the first of them, and how many more there are.
 */
export function violationsMessage(start: string, violations: readonly FieldViolation[]): string {
	const first = violations[0];
	if (first === undefined) return start;
	const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
	return `${start}: ${first.field}: ${first.description}${more}`;
}
