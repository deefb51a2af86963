import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorReason, ErrorReasonSchema } from "@novasphere/wukong-gen/error";
import {
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "@novasphere/wukong-gen/error-details";

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

/** The request or the VM in it is wrong; `fieldViolations` says where. */
export function isInvalid(error: unknown): boolean {
	return hasCode(error, Code.InvalidArgument);
}

/**
 * The service cannot answer now, or could not be reached. Whether a write happened is told
 * by `reasonOf`: WRITE_OUTCOME_UNKNOWN, or no reason at all, mean perhaps.
 *
 * A network failure comes as Code.Unknown in browsers, with a text that differs per engine, and as
 * Code.Aborted over connect-node. The service gives each of its own failures of these codes a
 * reason, so one without is not the service's.
 */
export function isUnavailable(error: unknown): boolean {
	if (hasCode(error, Code.Unavailable)) return true;
	const mayBeNetwork = hasCode(error, Code.Unknown) || hasCode(error, Code.Aborted);
	return mayBeNetwork && reasonOf(error) === undefined;
}

/** Why the service refused; undefined where the error is not the service's own. */
export function reasonOf(error: unknown): ErrorReason | undefined {
	if (!(error instanceof ConnectError)) return undefined;
	const info = error
		.findDetails(ErrorInfoSchema)
		.find((detail) => detail.domain === "novasphere.dev");
	if (info === undefined) return undefined;
	const name = `ERROR_REASON_${info.reason}`;
	return ErrorReasonSchema.values.find((value) => value.name === name)?.number;
}

/** The fields at fault; empty where none are named. */
export function fieldViolations(error: unknown): readonly FieldViolation[] {
	if (!(error instanceof ConnectError)) return [];
	return error
		.findDetails(BadRequestSchema)
		.flatMap((detail) => detail.fieldViolations)
		.map(({ field, description }) => ({ field, description }));
}

/** Milliseconds that the service asks to wait before a retry; undefined: it does not say. */
export function retryAfterMs(error: unknown): number | undefined {
	if (!(error instanceof ConnectError)) return undefined;
	const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
	if (delay === undefined) return undefined;
	return Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1_000_000);
}

function hasCode(error: unknown, code: Code): boolean {
	return error instanceof ConnectError && error.code === code;
}
