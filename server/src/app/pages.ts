import { type AssetMount, createTextPage } from "../port/assets.ts";
import type { Freshness } from "../store/store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createClientPage } from "./client-page.ts";
import { type Readiness, readinessAnswer } from "./readiness.ts";

const plainText = "text/plain; charset=utf-8";

/**
 * The web client at `/client.js`, and the pages for whoever runs the service: `/livez` (the process answers), `/readyz` (it wants
 * calls, else why not) and `/metrics` (Prometheus).
 */
export function createPages(parts: {
	readonly readiness: () => Readiness;
	readonly freshness: () => Freshness;
	readonly metrics: Metrics;
}): AssetMount[] {
	const client = createClientPage();
	return [
		...(client === undefined ? [] : [client]),
		createTextPage("/livez", () => ({ status: 200, contentType: plainText, body: "alive\n" })),
		createTextPage("/readyz", () => ({
			...readinessAnswer(parts.readiness(), parts.freshness()),
			contentType: plainText,
		})),
		createTextPage("/metrics", async () => ({
			status: 200,
			...(await parts.metrics.exposition()),
		})),
	];
}
