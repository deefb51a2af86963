import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { type AssetMount, createTextPage } from "../port/assets.ts";
import type { Freshness } from "../store/change-feed.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createApiDocs } from "./api-docs.ts";
import { createHomePage } from "./home-page.ts";
import { guardMounts, type PageGuards } from "./page-guard.ts";
import { type Readiness, readinessAnswer } from "./readiness.ts";

const plainText = "text/plain; charset=utf-8";

/**
 * Creates the page that says what this is at `/`, the web client at `/client.js`, the description of
 * the API at `/openapi.json` and `/docs`, and the pages for operators: `/livez` (the process answers),
 * `/readyz` (it wants calls, else why not) and `/metrics` (Prometheus).
 */
export function createPages(parts: {
	readonly readiness: () => Readiness;
	readonly freshness: () => Freshness;
	/** Returns what else is wrong, a line each. */
	readonly troubles: () => readonly string[];
	/** Returns what else operators may want to know, a line each. */
	readonly notes: () => readonly string[];
	readonly metrics: Metrics;
	readonly guards: PageGuards;
	/** Prefix of every path, as callers see it. */
	readonly basePath: string;
}): AssetMount[] {
	const client = createClientPage();
	return [
		createHomePage(parts.basePath),
		...(client === undefined ? [] : [client]),
		...guardMounts(createApiDocs(parts.basePath), parts.guards.docs),
		createTextPage("/livez", () => ({ status: 200, contentType: plainText, body: "alive\n" })),
		createTextPage("/readyz", ({ query }) => ({
			...readinessAnswer(parts.readiness(), parts.freshness(), {
				isVerbose: new URLSearchParams(query).has("verbose"),
				troubles: parts.troubles(),
				notes: parts.notes(),
			}),
			contentType: plainText,
		})),
		...guardMounts([createMetricsPage(parts.metrics)], parts.guards.metrics),
	];
}

function createMetricsPage(metrics: Metrics): AssetMount {
	return createTextPage("/metrics", async () => ({ status: 200, ...(await metrics.exposition()) }));
}

/** File of the build, at the same place seen from `src` and from `dist`. */
const clientFile = new URL("../../assets/client.js", import.meta.url);

/**
 * Creates the mount of the web client as one module, for pages without a bundler: `import` it from
 * `/client.js`. Undefined where the server was not built.
 */
function createClientPage(): AssetMount | undefined {
	if (!existsSync(clientFile)) return undefined;
	const body = readFileSync(clientFile);
	const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
	const headers = [
		...["content-type", "text/javascript; charset=utf-8"],
		...["cache-control", "no-cache", "etag", etag],
	];
	return { path: "/client.js", asset: { respond: () => ({ status: 200, headers, body }) } };
}
