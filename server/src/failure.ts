import { ErrorReason } from "@novasphere/wukong-gen/error";

/** The domain of every google.rpc.ErrorInfo that this service sends. */
export const errorDomain = "novasphere.dev";

/** One field of a request that is at fault. */
export interface FieldViolation {
	/** Contract name from the request's root, as in `wukong.spec.networks[0].vlan_id`. */
	readonly field: string;
	/** For people; our own words. */
	readonly description: string;
}

/** The VM that a failure is about. */
interface NamedWukong {
	readonly namespace: string;
	readonly name: string;
}

/** How long callers are told to wait for a store that opens or closes, in milliseconds. */
const storeRetryAfterMs = 1_000;

/** What a failure carries besides its reason and message. */
export interface FailureDetails {
	/** Sent as google.rpc.BadRequest. */
	readonly violations?: readonly FieldViolation[];
	/** Sent as google.rpc.RetryInfo. */
	readonly retryAfterMs?: number;
	/** The one VM that is meant; sent as metadata of google.rpc.ErrorInfo. */
	readonly wukong?: NamedWukong;
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

/** A reason's name on the wire: without the ERROR_REASON_ prefix. */
export function reasonName(reason: ErrorReason): string {
	return ErrorReason[reason];
}

/** Tells a failure of the given reason from anything else. */
export function isFailure(error: unknown, reason?: ErrorReason): error is Failure {
	return error instanceof Failure && (reason === undefined || error.reason === reason);
}

/** The failure of a call that names a VM which is not there: WUKONG_NOT_FOUND. */
export function wukongNotFound({ namespace, name }: NamedWukong): Failure {
	const message = `there is no Wukong ${name} in namespace ${namespace}`;
	return new Failure(ErrorReason.WUKONG_NOT_FOUND, message, { wukong: { namespace, name } });
}

/** The failure of a creation under a name that is taken: WUKONG_ALREADY_EXISTS. */
export function wukongAlreadyExists({ namespace, name }: NamedWukong): Failure {
	const message = `there is a Wukong ${name} in namespace ${namespace} already`;
	return new Failure(ErrorReason.WUKONG_ALREADY_EXISTS, message, { wukong: { namespace, name } });
}

/** The failure of a creation whose request_id stands for another one: REQUEST_ID_REUSED. */
export function requestIdReused({ namespace, name }: NamedWukong): Failure {
	const message = `the Wukong ${name} was created under this request_id with other content`;
	return new Failure(ErrorReason.REQUEST_ID_REUSED, message, { wukong: { namespace, name } });
}

/** The failure of a call that comes before the store is open: UPSTREAM_UNAVAILABLE. */
export function storeNotLoaded(): Failure {
	return new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, "the store is not loaded yet", {
		retryAfterMs: storeRetryAfterMs,
	});
}

/** The failure of a call that comes when the store is not open any more: SHUTTING_DOWN. */
export function storeClosed(): Failure {
	return new Failure(ErrorReason.SHUTTING_DOWN, "the store is closed; nothing was written", {
		retryAfterMs: storeRetryAfterMs,
	});
}

/** The failure of a request with wrong fields: INVALID_REQUEST. */
export function invalidRequest(...violations: FieldViolation[]): Failure {
	return new Failure(ErrorReason.INVALID_REQUEST, sentence("the request is invalid", violations), {
		violations,
	});
}

/** The failure of a VM that breaks rules: INVALID_WUKONG. */
export function invalidWukong(violations: readonly FieldViolation[]): Failure {
	return new Failure(ErrorReason.INVALID_WUKONG, sentence("the Wukong is invalid", violations), {
		violations,
	});
}

function sentence(start: string, violations: readonly FieldViolation[]): string {
	const first = violations[0];
	if (first === undefined) return start;
	const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
	return `${start}: ${first.field}: ${first.description}${more}`;
}
