import type { JsonObject } from "@bufbuild/protobuf";
import type { Clock } from "../../clock.ts";
import type { ObjectRef } from "../../resource/object.ts";
import type { ApiCall, ClusterAccess, OperatorApi, Product } from "./api.ts";
import { createApiCalls } from "./api-calls.ts";
import { apiVersionOf, type GroupVersionResource } from "./resource-kind.ts";
import { createUpstream } from "./resource-upstream.ts";
import { objectAt, parseUnstructured } from "./unstructured.ts";

/** Timings of calls to the API server. */
export interface ApiTimings {
	/** Time for a connection to come about, in milliseconds. Default 1,000. */
	readonly connectTimeoutMs: number;
	/** Time for one answer, in milliseconds; a watch has its own. Default 10,000. */
	readonly answerTimeoutMs: number;
	/** Time for one page of a list, in milliseconds; one object is no page. Default 30,000. */
	readonly listTimeoutMs: number;
}

/** The timings as shipped. */
export const defaultApiTimings: ApiTimings = {
	connectTimeoutMs: 1_000,
	answerTimeoutMs: 10_000,
	listTimeoutMs: 30_000,
};

/** Options of a client of the API server. */
export interface ApiClientOptions {
	readonly access: ClusterAccess;
	/** The resource that the calls are about. */
	readonly resource: GroupVersionResource;
	/** The one namespace to list and watch; empty: all. */
	readonly namespace: string;
	readonly timings: ApiTimings;
	readonly clock: Clock;
	/** Name and version of the caller. Default: `wukong-api`, in this package's version. */
	readonly product?: Product;
}

/** Creates the calls about one resource. */
export function createApiClient(options: ApiClientOptions): OperatorApi {
	const { access, resource, namespace, timings, clock, product } = options;
	const { connectTimeoutMs } = timings;
	const calls = createApiCalls({ access, connectTimeoutMs, clock, ...(product && { product }) });
	const root = `/apis/${apiVersionOf(resource)}`;

	const fetchOne = (call: ApiCall) => calls.fetchJson(call, timings.answerTimeoutMs);
	const pathIn = (inNamespace: string) =>
		`${root}/namespaces/${encodeURIComponent(inNamespace)}/${resource.plural}`;
	const pathOf = (ref: ObjectRef) => `${pathIn(ref.namespace)}/${encodeURIComponent(ref.name)}`;
	const writeQuery = (dryRun = false) => ({
		fieldManager: calls.product.name,
		...(dryRun && { dryRun: "All" }),
	});

	return {
		calls,
		...createUpstream({ calls, resource, namespace, timings }),
		get: async (ref, signal) =>
			parseUnstructured(await fetchOne({ method: "GET", path: pathOf(ref), signal })),
		async create(body, { namespace, dryRun, impersonation: headers }) {
			const path = pathIn(namespace);
			const query = writeQuery(dryRun);
			const made = await fetchOne({ method: "POST", path, query, body, headers });
			return parseUnstructured(dryRun ? withVersion(made) : made);
		},
		replace: async (body, { dryRun, impersonation: headers }) =>
			parseUnstructured(
				await fetchOne({
					method: "PUT",
					path: pathOf(body.metadata),
					query: writeQuery(dryRun),
					body,
					headers,
				}),
			),
		patch: async (ref, patch, { dryRun, impersonation: headers }) =>
			parseUnstructured(
				await fetchOne({
					method: "PATCH",
					path: pathOf(ref),
					query: writeQuery(dryRun),
					body: patch,
					headers,
				}),
			),
		replaceStatus: async (body) =>
			parseUnstructured(
				await fetchOne({
					method: "PUT",
					path: `${pathOf(body.metadata)}/status`,
					query: writeQuery(),
					body,
				}),
			),
		async remove(ref, { uid, resourceVersion, dryRun, impersonation: headers }) {
			const body = {
				apiVersion: "v1",
				kind: "DeleteOptions",
				preconditions: { uid, ...(resourceVersion !== undefined && { resourceVersion }) },
				...(dryRun && { dryRun: ["All"] }),
			};
			const answer = await fetchOne({ method: "DELETE", path: pathOf(ref), body, headers });
			return answer.kind === "Status" ? undefined : parseUnstructured(answer);
		},
		close: () => access.close(),
	};
}

/** Adds version 0 to an object that was not stored, as a dry run's: it has none. */
function withVersion(made: JsonObject): JsonObject {
	return { ...made, metadata: { resourceVersion: "0", ...objectAt(made, "metadata") } };
}
