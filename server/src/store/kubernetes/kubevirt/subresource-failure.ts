import { ErrorReason, Failure } from "../../../failure.ts";
import type { ObjectRef } from "../../../resource/object.ts";
import { notSupported } from "../../../resource/wukong/failures.ts";
import { wukongKind } from "../kinds/wukong.ts";
import { objectAt } from "../unstructured.ts";
import { refusalCode, UpstreamError } from "../upstream-error.ts";
import {
	failureOf,
	isImpersonationRefusal,
	notInYourName,
	outcomeUnknown,
	upstreamUnavailable,
} from "../write-failure.ts";

const noKubeVirt = "the cluster has no KubeVirt that can do this";

/** Creates NOT_SUPPORTED: the cluster has no KubeVirt, or one that lacks this. */
export function kubeVirtMissing(ref: ObjectRef): Failure {
	return notSupported(ref, noKubeVirt);
}

/** Converts the error of a read of KubeVirt's objects, or of what its server serves. */
export function readFailureOf(error: unknown, ref: ObjectRef): unknown {
	// An object that is missing is no error: it is the kind that is not known.
	if (refusalCode(error) === 404) return kubeVirtMissing(ref);
	if (refusalCode(error) === 403) return permissionDenied(ref, error);
	return failureOf(error, { kind: wukongKind, ref, effect: "read", secrets: [] });
}

/**
 * Converts the error of a verb that was sent, by the type of the refusal alone.
 * @param ref the Wukong, which is what callers know
 * @param isDryRun nothing can have been done
 * @returns undefined where the state of the VM explains it: it is to be looked at again
 */
export function verbFailureOf(error: unknown, ref: ObjectRef, isDryRun: boolean): unknown {
	if (!(error instanceof UpstreamError) || error.problem.kind !== "refused") {
		return failureOf(error, {
			kind: wukongKind,
			ref,
			effect: isDryRun ? "dryRun" : "write",
			secrets: [],
		});
	}
	const { code, status, retryAfterMs } = error.problem;
	const details = objectAt(status, "details");
	const lost = () =>
		isDryRun ? upstreamUnavailable(error, retryAfterMs) : outcomeUnknown(ref, error);
	switch (code) {
		case 409:
			return undefined;
		case 404:
			// Without a name it is the path that nobody knows: an older KubeVirt, or none.
			return typeof details.name === "string" ? undefined : kubeVirtMissing(ref);
		case 403:
			// Permissions are those of the subresource's group; this group is KubeVirt's own rule.
			return details.group === "kubevirt.io"
				? notSupported(ref, "KubeVirt does not allow this for a VM like this one")
				: permissionDenied(ref, error);
		case 400:
		case 405:
		case 415:
		case 422:
			return notSupported(ref, "the cluster's KubeVirt does not know this call");
		case 500:
		case 502:
		case 504:
			return lost();
		case 503:
			// The API server says so, too, where the connection to KubeVirt broke after the request.
			return status.kind === "Status" ? upstreamUnavailable(error, retryAfterMs) : lost();
		default:
			return upstreamUnavailable(error, retryAfterMs);
	}
}

/** Creates PERMISSION_DENIED: a verb may not be sent, or what it needs not be read. */
export function permissionDenied(ref: ObjectRef, cause: unknown): Failure {
	if (cause instanceof UpstreamError && isImpersonationRefusal(cause.problem)) {
		return notInYourName(ref, cause);
	}
	const { namespace, name } = ref;
	return new Failure(
		ErrorReason.PERMISSION_DENIED,
		"the cluster does not allow this, by its permissions",
		{ object: { namespace, name }, cause },
	);
}
