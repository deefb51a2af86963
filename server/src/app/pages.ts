import type { PlainPage } from "../port/plain-page.ts";
import type { Freshness } from "../store/store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { type Readiness, readinessAnswer } from "./readiness.ts";

const plainText = "text/plain; charset=utf-8";

/**
 * The pages for whoever runs the service: `/livez` (the process answers), `/readyz` (it wants
 * calls, else why not) and `/metrics` (Prometheus).
 */
export function createPages(parts: {
	readonly readiness: () => Readiness;
	readonly freshness: () => Freshness;
	readonly metrics: Metrics;
}): PlainPage[] {
	return [
		{ path: "/livez", answer: () => ({ status: 200, contentType: plainText, body: "alive\n" }) },
		{
			path: "/readyz",
			answer() {
				const answer = readinessAnswer(parts.readiness(), parts.freshness());
				return { ...answer, contentType: plainText };
			},
		},
		{
			path: "/metrics",
			answer: async () => ({ status: 200, ...(await parts.metrics.exposition()) }),
		},
	];
}
