import type { ApiCalls } from "../api.ts";
import type { ApiTimings } from "../api-client.ts";
import { objectsAt } from "../kinds/kubevirt-object.ts";
import { apiVersionOf } from "../resource-kind.ts";
import { createUpstream } from "../resource-upstream.ts";
import { refusalCode } from "../upstream-error.ts";
import type { OptionalKinds } from "./optional-kind.ts";

/** Creates the way to kinds that a cluster need not serve. */
export function createOptionalKinds(options: {
	readonly calls: ApiCalls;
	/** The one namespace to list and watch; empty: all. */
	readonly namespace: string;
	readonly timings: ApiTimings;
}): OptionalKinds {
	const { calls, namespace, timings } = options;
	return {
		async isServed(resource, signal) {
			// Every signed-in user may ask (ClusterRole system:discovery).
			const path = `/apis/${apiVersionOf(resource)}`;
			try {
				const answer = await calls.fetchJson(
					{ method: "GET", path, signal },
					timings.answerTimeoutMs,
				);
				return objectsAt(answer, "resources").some(({ name }) => name === resource.plural);
			} catch (error) {
				if (refusalCode(error) === 404) return false;
				throw error;
			}
		},
		upstreamOf: (resource) => createUpstream({ calls, resource, namespace, timings }),
	};
}
