import type { JsonObject } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { Failure } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";

import type { WritableKind } from "./resource-kind.ts";
import { repeatsSecret, violationsIn } from "./status-causes.ts";
import { isJsonObject, objectAt, textAt } from "./unstructured.ts";
import { refusalCode, UpstreamError, type UpstreamProblem } from "./upstream-error.ts";

/** What a failed call has to know of the kind. */
export type FailingKind = Pick<WritableKind<never, never>, "kind" | "request" | "failures">;

/** Describes the call that failed. */
export interface FailedCall {
	readonly kind: FailingKind;
	readonly ref: ObjectRef;
	/** What it does: reads, has a write checked and not carried out, or writes. */
	readonly effect: "read" | "dryRun" | "write";
	/** Credentials in what was sent. */
	readonly secrets: readonly string[];
}

/** Delay that callers are asked to wait where the API server names none, in milliseconds. */
const defaultRetryAfterMs = 1_000;

/**
 * Converts the error of a failed call to what its caller gets: our own words, and a reason by
 * the type of the refusal, never by its text. What is no UpstreamError is returned as it is.
 */
export function failureOf(error: unknown, call: FailedCall): unknown {
	if (!(error instanceof UpstreamError)) return error;
	const { problem } = error;
	const cause = loggable(error, call.secrets);
	switch (problem.kind) {
		case "unreachable":
			return upstreamUnavailable(cause);
		case "lost":
		case "garbled":
		case "oversized":
			return call.effect === "write" ? outcomeUnknown(call.ref, cause) : upstreamUnavailable(cause);
		case "refused":
			return refusalFailure(problem, call, cause);
	}
}

/** Removes a text that repeats a credential: a cause is logged as it is. */
function loggable(error: UpstreamError, secrets: readonly string[]): UpstreamError {
	if (!repeatsSecret(error.message, secrets)) return error;
	return new UpstreamError(error.problem, "the text is left out: it repeats a credential");
}

/** Creates UPSTREAM_UNAVAILABLE: surely nothing was written. */
export function upstreamUnavailable(cause: unknown, retryAfterMs?: number): Failure {
	return new Failure(
		ErrorReason.UPSTREAM_UNAVAILABLE,
		"the cluster does not answer; nothing was written",
		{ retryAfterMs: retryAfterMs ?? defaultRetryAfterMs, cause },
	);
}

/**
 * Converts a refusal. Only a Kubernetes `Status` says what it is about: any other answer, such as a
 * page of HTML, is by something on the way, and its number alone counts.
 */
function refusalFailure(
	problem: UpstreamProblem & { kind: "refused" },
	call: FailedCall,
	cause: unknown,
): Failure {
	const { code, status, retryAfterMs } = problem;
	const { kind, ref, effect, secrets } = call;
	const isStatus = status.kind === "Status";
	const isJudged = effect !== "read";
	const isInvalid = () => kind.failures.invalid(violationsIn(status, secrets, kind.request));
	const unavailable = () => upstreamUnavailable(cause, retryAfterMs);
	switch (code) {
		case 400:
		case 422:
			return isJudged && isStatus ? isInvalid() : unavailable();
		case 403: {
			const details = objectAt(status, "details");
			if (isStatus && hasCause(details, "NamespaceTerminating"))
				return namespaceNotFound(ref, cause);
			// A webhook's refusal does not say what kind of thing it is about.
			if (isJudged && isStatus && details.kind === undefined) return isInvalid();
			return isImpersonationRefusal(problem) ? notInYourName(ref, cause) : notAllowed(ref, cause);
		}
		case 404: {
			const details = isStatus ? objectAt(status, "details") : {};
			if (details.kind === "namespaces") return namespaceNotFound(ref, cause);
			return details.name === ref.name ? kind.failures.notFound(ref) : unavailable();
		}
		case 409:
			return isJudged && isStatus ? versionConflict(kind, ref, { cause }) : unavailable();
		case 413:
			return isJudged ? tooLarge(call, cause) : unavailable();
		case 503:
			// With a Status it was not begun. A proxy says so, too, of a connection that broke after it.
			if (isStatus) return unavailable();
			break;
		default:
			// 408 (RFC 9110, section 15.5.9) tells of a time that has passed, as 504 does.
			if (code < 500 && code !== 408) return unavailable();
	}
	// A gateway, or the API server itself, may have given up on a write that went through.
	return effect === "write" ? outcomeUnknown(ref, cause) : unavailable();
}

/**
 * What a refusal is about where a service may not impersonate.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
const impersonated: ReadonlySet<unknown> = new Set([
	...["users", "groups", "serviceaccounts", "uids", "userextras"],
]);

/** Checks for a refusal of the name that a write is sent in: what is written was not looked at. */
export function isImpersonationRefusal(problem: UpstreamProblem): boolean {
	if (problem.kind !== "refused" || problem.code !== 403) return false;
	return impersonated.has(objectAt(problem.status, "details").kind);
}

/** Creates PERMISSION_DENIED: this service may not write in the name of its caller. */
export function notInYourName({ namespace, name }: ObjectRef, cause: unknown): Failure {
	return new Failure(
		ErrorReason.PERMISSION_DENIED,
		"the cluster does not allow this service to act in your name; nothing was written",
		{ object: { namespace, name }, cause },
	);
}

function notAllowed({ namespace, name }: ObjectRef, cause: unknown): Failure {
	return new Failure(
		ErrorReason.PERMISSION_DENIED,
		"the cluster does not allow this, by its permissions or by a quota",
		{ object: { namespace, name }, cause },
	);
}

function tooLarge({ kind, ref }: FailedCall, cause: unknown): Failure {
	const { namespace, name } = ref;
	const message = `the ${kind.kind} is too large`;
	return new Failure(ErrorReason.REQUEST_TOO_LARGE, message, {
		object: { namespace, name },
		cause,
	});
}

/** Creates NAMESPACE_NOT_FOUND: the namespace does not exist, is being deleted, or is not served. */
export function namespaceNotFound({ namespace, name }: ObjectRef, cause?: unknown): Failure {
	const message = `there is no namespace ${namespace}, or it is being deleted`;
	return new Failure(ErrorReason.NAMESPACE_NOT_FOUND, message, {
		object: { namespace, name },
		cause,
	});
}

/**
 * Creates RESOURCE_VERSION_CONFLICT: others wrote in between, again and again.
 * @param current the resource_version that was found last, where one was
 */
export function versionConflict(
	{ kind }: Pick<FailingKind, "kind">,
	{ namespace, name }: ObjectRef,
	{ current, cause }: { readonly current?: string | undefined; readonly cause?: unknown },
): Failure {
	const found = current === undefined ? "" : ` (its resource_version is ${current} by now)`;
	const message = `others are changing the ${kind} at the same time${found}; read it again`;
	return new Failure(ErrorReason.RESOURCE_VERSION_CONFLICT, message, {
		object: { namespace, name },
		cause,
	});
}

/** Creates WRITE_OUTCOME_UNKNOWN: the write was sent, and may have been carried out. */
export function outcomeUnknown({ namespace, name }: ObjectRef, cause: unknown): Failure {
	const message = "the cluster did not answer the write; read before you repeat";
	return new Failure(ErrorReason.WRITE_OUTCOME_UNKNOWN, message, {
		object: { namespace, name },
		cause,
	});
}

function hasCause({ causes }: JsonObject, reason: string): boolean {
	return Array.isArray(causes) && causes.some((c) => isJsonObject(c) && c.reason === reason);
}

/**
 * Checks for a refusal because the object is not there. A path that the API server does not know
 * at all is 404, too, but names no object.
 */
export function isNotFound(error: unknown, { name }: { readonly name: string }): boolean {
	if (!(error instanceof UpstreamError) || error.problem.kind !== "refused") return false;
	const { code, status } = error.problem;
	return code === 404 && status.kind === "Status" && objectAt(status, "details").name === name;
}

/**
 * 409 means two things: the name is taken, or the version is not current. Both: others came first.
 */
export function isConflict(error: unknown): boolean {
	return (
		error instanceof UpstreamError &&
		error.problem.kind === "refused" &&
		error.problem.code === 409 &&
		["AlreadyExists", "Conflict"].includes(textAt(error.problem.status, "reason"))
	);
}

/** Refusals of a way to write, not of what is written: there may be no right to patch. */
const wayRefusals: ReadonlySet<number | undefined> = new Set([403, 405, 415]);

/** Checks for a patch that was not applied: a test in it failed, or it is no way to write here. */
export function isUnpatched(error: unknown): boolean {
	if (isConflict(error) || wayRefusals.has(refusalCode(error))) return true;
	if (!(error instanceof UpstreamError) || error.problem.kind !== "refused") return false;
	const { code, status } = error.problem;
	// A schema's refusal names the kind.
	return code === 422 && objectAt(status, "details").kind === undefined;
}
