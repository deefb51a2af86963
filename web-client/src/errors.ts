import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
	BadRequestSchema,
	type ErrorInfo,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.js";
import { ErrorReason, ErrorReasonSchema } from "../gen/novasphere/v1/error_pb.js";

/** One field of a request that is at fault. */
export interface FieldViolation {
	/** Contract name from the request's root, as in `wukong.spec.networks[0].vlan_id`. */
	readonly field: string;
	/** For people. */
	readonly description: string;
}

/** There is no such VM or namespace. */
export function isNotFound(error: unknown): boolean {
	return hasCode(error, Code.NotFound);
}

/** The name is taken, or the request id came before with other content. */
export function isAlreadyExists(error: unknown): boolean {
	return hasCode(error, Code.AlreadyExists);
}

/** The service does not know who calls: it has no token, or one that is wrong or has expired. */
export function isUnauthenticated(error: unknown): boolean {
	return hasCode(error, Code.Unauthenticated);
}

/** Who calls may not do that. A page whose origin may not call at all: `isForbiddenOrigin`. */
export function isPermissionDenied(error: unknown): boolean {
	return hasCode(error, Code.PermissionDenied) && !isLocal(error);
}

/** No answer came in time. Whether a write happened is not known. */
export function isDeadlineExceeded(error: unknown): boolean {
	return hasCode(error, Code.DeadlineExceeded);
}

/**
 * The caller has given the call up, or the client was closed: nothing to show.
 *
 * @example
 * if (!isCanceled(error)) show(error);
 */
export function isCanceled(error: unknown): boolean {
	return hasCode(error, Code.Canceled);
}

/**
 * The VM is no longer at the version that the call asked for: read again, decide again. A broken
 * connection may come with the same code, but without a reason.
 */
export function isConflict(error: unknown): boolean {
	return hasCode(error, Code.Aborted) && reasonOf(error) !== undefined;
}

/** The VM is in a state that forbids the call: it is being deleted. */
export function isFailedPrecondition(error: unknown): boolean {
	return hasCode(error, Code.FailedPrecondition);
}

/**
 * The request or the VM in it is wrong; `fieldViolations` says where. Only the service judges
 * that: an answer that was cut inside an envelope comes with the same code, but without a reason.
 */
export function isInvalid(error: unknown): boolean {
	return hasCode(error, Code.InvalidArgument) && serviceInfo(error) !== undefined;
}

/** The service has as many calls or streams as it takes; `retryAfterMs` says when to try again. */
export function isLimited(error: unknown): boolean {
	return (
		hasCode(error, Code.ResourceExhausted) && reasonOf(error) === ErrorReason.TOO_MANY_REQUESTS
	);
}

/**
 * No answer came: the network is away, the name is unknown, nobody listens, or the connection
 * broke before the answer began.
 */
export function isNetworkError(error: unknown): boolean {
	if (!isLocal(error)) return false;
	// Fetch standard: a network error rejects with a TypeError, whose text differs per engine.
	return error.code === Code.Unavailable || (error.code === Code.Unknown && isTypeError(error));
}

/**
 * An answer began and is not whole: the connection broke in it, or a proxy ended it, perhaps
 * inside an envelope.
 */
export function isCut(error: unknown): boolean {
	if (!isLocal(error)) return false;
	const { code, cause } = error;
	if (code === Code.Aborted) return true;
	// An incomplete envelope; the service's own come with headers.
	if (code === Code.InvalidArgument) return cause === undefined;
	// What connect-node has no name for, as a stream that was refused unread; Node's errors have codes.
	if (code === Code.Internal) return cause instanceof Error && "code" in cause;
	// Connect throws texts where an answer ends too early; half a JSON document cannot be parsed.
	return code === Code.Unknown && (typeof cause === "string" || cause instanceof SyntaxError);
}

/**
 * The service answers, but does not let pages of this origin read it: it has to list the origin
 * (`--cors-origins`). A browser shows a page a network error then; the client asks again in two
 * ways to tell them apart, where it made the transport itself.
 */
export function isForbiddenOrigin(error: unknown): boolean {
	return isLocal(error) && error.code === Code.PermissionDenied;
}

/**
 * The service cannot answer now, or could not be reached, or not wholly. Whether a write
 * happened is told by `reasonOf`: WRITE_OUTCOME_UNKNOWN, or no reason at all, mean perhaps.
 *
 * Proxies answer for a service that is away with codes and pages of their own; the service gives
 * each of its own failures a reason, so one without is not the service's.
 */
export function isUnavailable(error: unknown): boolean {
	if (hasCode(error, Code.Unavailable) || isCut(error)) return true;
	const mayBeProxy = hasCode(error, Code.Unknown) || hasCode(error, Code.Aborted);
	return mayBeProxy && reasonOf(error) === undefined;
}

/**
 * The same call may succeed later: after `retryAfterMs`, where it says so. Whoever repeats a
 * create gives it a request id; other writes are repeated after a look at the VM.
 *
 * False for what the caller cancelled, for a conflict (read again, decide again) and for all
 * that a repetition cannot mend.
 *
 * @example
 * if (isRetryable(error)) setTimeout(again, retryAfterMs(error) ?? 1_000);
 */
export function isRetryable(error: unknown): boolean {
	return (
		isUnavailable(error) ||
		isLimited(error) ||
		hasCode(error, Code.DeadlineExceeded) ||
		retryAfterMs(error) !== undefined
	);
}

/** Why the service refused; undefined where the error is not the service's own. */
export function reasonOf(error: unknown): ErrorReason | undefined {
	const name = `ERROR_REASON_${serviceInfo(error)?.reason}`;
	return ErrorReasonSchema.values.find((value) => value.name === name)?.number;
}

/** The fields at fault; empty where none are named. */
export function fieldViolations(error: unknown): readonly FieldViolation[] {
	return detailsOf(error, BadRequestSchema)
		.flatMap((detail) => detail.fieldViolations)
		.map(({ field, description }) => ({ field, description }));
}

/** Milliseconds that the service asks to wait before a retry; undefined: it does not say. */
export function retryAfterMs(error: unknown): number | undefined {
	const delay = detailsOf(error, RetryInfoSchema)[0]?.retryDelay;
	return delay && Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1_000_000);
}

/** What the service says of its own failure; a newer service may have a reason not known here. */
function serviceInfo(error: unknown): ErrorInfo | undefined {
	return detailsOf(error, ErrorInfoSchema).find(({ domain }) => domain === "novasphere.dev");
}

function detailsOf<Desc extends DescMessage>(error: unknown, schema: Desc): MessageShape<Desc>[] {
	return error instanceof ConnectError ? error.findDetails(schema) : [];
}

/** The error was made on this side: what comes from the other one has header fields or details. */
export function isLocal(error: unknown): error is ConnectError {
	return (
		error instanceof ConnectError &&
		error.details.length === 0 &&
		error.metadata.keys().next().done === true
	);
}

/** By its name: a test's window, or a frame, has a TypeError of its own. */
export function isTypeError({ cause }: ConnectError): boolean {
	return cause instanceof Error && cause.name === "TypeError";
}

function hasCode(error: unknown, code: Code): boolean {
	return error instanceof ConnectError && error.code === code;
}
