import type { JsonObject } from "@bufbuild/protobuf";
import type { ObjectRef } from "../../../resource/object.ts";
import type { ApiCall, ApiCalls, HeaderFields } from "../api.ts";
import type { ApiTimings } from "../api-client.ts";
import { objectAt, parseUnstructured, type Unstructured } from "../unstructured.ts";
import { refusalCode, UpstreamError } from "../upstream-error.ts";
import { isImpersonationRefusal, isNotFound } from "../write-failure.ts";

/** Plural names of KubeVirt's VM and of one run of it. */
export type KubeVirtPlural = "virtualmachines" | "virtualmachineinstances";

/** One verb that KubeVirt offers below an object. */
export interface Subresource {
	readonly plural: KubeVirtPlural;
	/** As in `restart`. */
	readonly verb: string;
}

/**
 * The calls to KubeVirt. Objects are served by the API server itself, subresources by KubeVirt's own
 * server behind it: one may answer while the other does not.
 */
export interface KubeVirtApi {
	/**
	 * Asks KubeVirt's server what it serves, which every authenticated caller may
	 * (`system:discovery`): a call that it cannot take is known before it is sent.
	 * @returns false where the cluster has no such server @throws UpstreamError
	 */
	isServed(signal: AbortSignal): Promise<boolean>;
	/** Reads an object. @returns undefined where there is none @throws UpstreamError, also where the kind is not known */
	get(
		plural: KubeVirtPlural,
		ref: ObjectRef,
		signal: AbortSignal,
	): Promise<Unstructured | undefined>;
	/**
	 * Asks the API server whether a verb may be sent, which every signed-in user may ask
	 * (`system:basic-user`). @returns true also where the cluster does not tell: the verb will
	 * @throws UpstreamError
	 */
	isAllowed(
		subresource: Subresource,
		ref: ObjectRef,
		options: {
			/** Whose right is meant; undefined: the service's. */
			readonly impersonation: HeaderFields | undefined;
			readonly signal: AbortSignal;
		},
	): Promise<boolean>;
	/**
	 * Sends a verb; a success has no content. Once it is sent it is not taken back.
	 * @throws UpstreamError
	 */
	put(
		subresource: Subresource,
		ref: ObjectRef,
		options: {
			/** Undefined: none, for verbs that pass theirs on to where the VM runs. */
			readonly body: JsonObject | undefined;
			/** Whose it is; undefined: the service's. */
			readonly impersonation: HeaderFields | undefined;
		},
	): Promise<void>;
}

const objectsRoot = "/apis/kubevirt.io/v1";

/** Source: https://kubevirt.io/api-reference/main/operations.html */
const subresources = { group: "subresources.kubevirt.io", version: "v1" };
const subresourcesRoot = `/apis/${subresources.group}/${subresources.version}`;

/** Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
const reviewsPath = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/** Creates the calls. */
export function createKubeVirtApi(
	calls: Pick<ApiCalls, "fetchJson" | "fetchText">,
	{ answerTimeoutMs }: Pick<ApiTimings, "answerTimeoutMs">,
): KubeVirtApi {
	const pathOf = (root: string, plural: KubeVirtPlural, { namespace, name }: ObjectRef) =>
		`${root}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
	return {
		async isServed(signal) {
			try {
				await calls.fetchText({ method: "GET", path: subresourcesRoot, signal }, answerTimeoutMs);
				return true;
			} catch (error) {
				// A cluster may keep its discovery to itself: the verb will tell.
				if (refusalCode(error) === 403) return true;
				if (refusalCode(error) === 404) return false;
				throw error;
			}
		},
		async get(plural, ref, signal) {
			const path = pathOf(objectsRoot, plural, ref);
			try {
				return parseUnstructured(
					await calls.fetchJson({ method: "GET", path, signal }, answerTimeoutMs),
				);
			} catch (error) {
				if (isNotFound(error, ref)) return undefined;
				throw error;
			}
		},
		async isAllowed({ plural, verb }, { namespace, name }, { impersonation: headers, signal }) {
			const resourceAttributes = {
				...{ ...subresources, resource: plural, subresource: verb, namespace, name },
				// KubeVirt's authorizer and the API server's name the verb of a PUT so.
				verb: "update",
			};
			const body = {
				apiVersion: "authorization.k8s.io/v1",
				kind: "SelfSubjectAccessReview",
				spec: { resourceAttributes },
			};
			try {
				const call: ApiCall = { method: "POST", path: reviewsPath, body, headers, signal };
				const answer = await calls.fetchJson(call, answerTimeoutMs);
				return objectAt(answer, "status").allowed !== false;
			} catch (error) {
				const isKnown = error instanceof UpstreamError && isImpersonationRefusal(error.problem);
				if (!isKnown && [403, 404].includes(refusalCode(error) ?? 0)) return true;
				throw error;
			}
		},
		async put({ plural, verb }, ref, { body, impersonation: headers }) {
			const path = `${pathOf(subresourcesRoot, plural, ref)}/${verb}`;
			const call: ApiCall = { method: "PUT", path, ...(body && { body }), headers };
			await calls.fetchText(call, answerTimeoutMs);
		},
	};
}
