import type { ApiCall, ApiCalls, Upstream } from "./api.ts";
import { readBytes } from "./http-call.ts";
import { apiVersionOf, type GroupVersionResource } from "./resource-kind.ts";
import { objectAt, parseUnstructured, versionOf } from "./unstructured.ts";

/** Creates the lists and watches of one resource. */
export function createUpstream(options: {
	readonly calls: ApiCalls;
	readonly resource: GroupVersionResource;
	/** The one namespace to list and watch; empty: all. */
	readonly namespace: string;
	readonly timings: {
		/** Time for one answer, in milliseconds. */
		readonly answerTimeoutMs: number;
		/** Time for one page of a list, in milliseconds; one object is no page. */
		readonly listTimeoutMs: number;
	};
}): Upstream {
	const { calls, resource, namespace, timings } = options;
	const within = namespace === "" ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
	const all = `/apis/${apiVersionOf(resource)}${within}/${resource.plural}`;

	return {
		async list({ limit, continueToken, exactVersion, signal }) {
			const query = {
				limit: String(limit),
				...(continueToken !== "" && { continue: continueToken }),
				...(exactVersion !== undefined && {
					resourceVersion: String(exactVersion),
					resourceVersionMatch: "Exact",
				}),
			};
			const call: ApiCall = { method: "GET", path: all, query, signal };
			const isPage = limit > 1;
			const timeoutMs = isPage ? timings.listTimeoutMs : timings.answerTimeoutMs;
			const list = await calls.fetchJson(call, timeoutMs);
			const metadata = objectAt(list, "metadata");
			return {
				items: (Array.isArray(list.items) ? list.items : []).map((item) => parseUnstructured(item)),
				version: versionOf(metadata.resourceVersion),
				continueToken: typeof metadata.continue === "string" ? metadata.continue : "",
			};
		},
		async watch({ fromVersion, timeoutMs, signal }) {
			const query = {
				watch: "1",
				allowWatchBookmarks: "true",
				resourceVersion: String(fromVersion),
				timeoutSeconds: String(Math.ceil(timeoutMs / 1_000)),
			};
			const response = await calls.open({ method: "GET", path: all, query, signal });
			return readBytes(response, signal);
		},
	};
}
