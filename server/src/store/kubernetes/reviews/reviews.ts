import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ErrorReason, Failure } from "../../../failure.ts";
import type { ApiCalls } from "../api.ts";
import { repeatsSecret } from "../status-causes.ts";
import { objectAt } from "../unstructured.ts";
import { refusalCode, retryAfterOf, UpstreamError } from "../upstream-error.ts";

/** A user as an API server knows it: `UserInfo` of authentication.k8s.io/v1. */
export interface ReviewedUser {
	readonly username: string;
	readonly uid: string;
	readonly groups: readonly string[];
	readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What somebody wants to do: `ResourceAttributes` of authorization.k8s.io/v1. */
export interface AccessAttributes {
	readonly verb: string;
	/** API group, as in `vm.novasphere.dev`. */
	readonly group: string;
	/** Plural name, as in `wukongs`. */
	readonly resource: string;
	/** Empty: the resource itself. */
	readonly subresource: string;
	/** Empty: in all namespaces. */
	readonly namespace: string;
	/** Empty: to all objects there. */
	readonly name: string;
}

/**
 * Asks an API server who somebody is and what they may do. Both fail with UPSTREAM_UNAVAILABLE where it
 * does not say, in words of ours.
 */
export interface Reviews {
	/**
	 * Finds whose a token is (TokenReview).
	 * @param audiences the token must be for one of these; none: for the API server itself
	 * @returns undefined: nobody's
	 */
	reviewToken(token: string, audiences: readonly string[]): Promise<ReviewedUser | undefined>;
	/** Asks whether a user may do something (SubjectAccessReview). */
	reviewAccess(user: ReviewedUser, attributes: AccessAttributes): Promise<boolean>;
}

/** Time for one answer, in milliseconds: a call waits for it. */
const answerTimeoutMs = 5_000;
/** Delay that callers are asked to wait where the API server names none, in milliseconds. */
const defaultRetryAfterMs = 1_000;

const tokenReviews = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview" };
const accessReviews = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview" };

/**
 * Creates the reviews.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
 * and https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/
 */
export function createReviews(calls: Pick<ApiCalls, "fetchJson">): Reviews {
	const send = async (
		review: { readonly apiVersion: string; readonly kind: string },
		spec: JsonObject,
		secrets: readonly string[],
	): Promise<JsonObject> => {
		const path = `/apis/${review.apiVersion}/${review.kind.toLowerCase()}s`;
		try {
			const body = { ...review, spec };
			return objectAt(
				await calls.fetchJson({ method: "POST", path, body }, answerTimeoutMs),
				"status",
			);
		} catch (error) {
			throw unavailable(error, review.kind, secrets);
		}
	};
	return {
		async reviewToken(token, audiences) {
			const spec = { token, ...(audiences.length > 0 && { audiences: [...audiences] }) };
			const status = await send(tokenReviews, spec, [token]);
			if (status.authenticated !== true) return undefined;
			// One that knows no audiences says none: its yes is for itself, and not for us.
			const isForUs =
				audiences.length === 0 || textsOf(status.audiences).some((a) => audiences.includes(a));
			return isForUs ? userOf(objectAt(status, "user")) : undefined;
		},
		async reviewAccess({ username, uid, groups, extra }, attributes) {
			const spec = {
				user: username,
				...(uid !== "" && { uid }),
				groups: [...groups],
				extra: Object.fromEntries(Object.entries(extra).map(([key, of]) => [key, [...of]])),
				resourceAttributes: { ...attributes },
			};
			const { allowed, denied } = await send(accessReviews, spec, []);
			return allowed === true && denied !== true;
		},
	};
}

/** A user without a name is nobody. */
function userOf(user: JsonObject): ReviewedUser | undefined {
	const { username, uid, groups } = user;
	if (typeof username !== "string" || username === "") return undefined;
	return {
		username,
		uid: typeof uid === "string" ? uid : "",
		groups: textsOf(groups),
		extra: Object.fromEntries(
			Object.entries(objectAt(user, "extra")).map(([key, of]) => [key, textsOf(of)]),
		),
	};
}

function textsOf(value: JsonValue | undefined): string[] {
	return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** Creates UPSTREAM_UNAVAILABLE. A cause is logged, and must not repeat a token. */
function unavailable(error: unknown, kind: string, secrets: readonly string[]): unknown {
	if (!(error instanceof UpstreamError)) return error;
	const message =
		refusalCode(error) === 403
			? `the service itself may not create a ${kind} in its cluster: see deploy/rbac/callers.yaml`
			: "the cluster does not answer who calls and what they may do";
	const cause = repeatsSecret(error.message, secrets)
		? new UpstreamError(error.problem, "the text is left out: it repeats a credential")
		: error;
	return new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, message, {
		retryAfterMs: retryAfterOf(error) ?? defaultRetryAfterMs,
		cause,
	});
}
