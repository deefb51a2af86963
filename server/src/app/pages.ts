import { type AssetMount, createTextPage } from "../port/assets.ts";
import type { Freshness } from "../store/change-feed.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createApiDocs } from "./api-docs.ts";
import { createClientPage } from "./client-page.ts";
import { createHomePage } from "./home-page.ts";

const plainText = "text/plain; charset=utf-8";

/**
 * Creates the page that says what this is at `/`, the web client at `/client.js`, the description of
 * the API at `/openapi.json` and `/docs`, and the pages for operators: `/livez` (the process answers),
 * `/readyz` (it wants calls, else why not) and `/metrics` (Prometheus).
 */
export function createPages(parts: {
	readonly readiness: () => Readiness;
	readonly freshness: () => Freshness;
	readonly metrics: Metrics;
	/** Prefix of every path, as callers see it. */
	readonly basePath: string;
}): AssetMount[] {
	const client = createClientPage();
	return [
		createHomePage(parts.basePath),
		...(client === undefined ? [] : [client]),
		...createApiDocs(parts.basePath),
		createTextPage("/livez", () => ({ status: 200, contentType: plainText, body: "alive\n" })),
		createTextPage("/readyz", ({ query }) => ({
			...readinessAnswer(parts.readiness(), parts.freshness(), {
				isVerbose: new URLSearchParams(query).has("verbose"),
			}),
			contentType: plainText,
		})),
		createTextPage("/metrics", async () => ({
			status: 200,
			...(await parts.metrics.exposition()),
		})),
	];
}

/** Checks whether this process wants calls. */
export type Readiness =
	| { readonly state: "starting" }
	| { readonly state: "ready" }
	| { readonly state: "stopping" };

/** State of a store's upstream, as `/readyz` reports it. */
type Upstream = Pick<Freshness, "staleSinceMs" | "trouble" | "unwritable" | "notes">;

/** Response of `/readyz`, for orchestrators. */
export interface ReadinessAnswer {
	/** 200 or 503. */
	readonly status: number;
	/** Text, one reason per line. */
	readonly body: string;
}

const reasons: Readonly<Record<Exclude<Readiness["state"], "ready">, string>> = {
	starting: "the store is not loaded yet",
	stopping: "the service is shutting down",
};

/**
 * Returns the response of `/readyz`. A silent upstream is reported but does not make a replica unready:
 * it still answers reads, and taking out all replicas together would help nobody. A store of this
 * process that cannot write does, because nothing else would show it.
 * @param isVerbose adds what else is known of the store, as the API server does at `?verbose`
 */
export function readinessAnswer(
	{ state }: Readiness,
	{ staleSinceMs, trouble, unwritable, notes = [] }: Upstream,
	{ isVerbose = false }: { readonly isVerbose?: boolean } = {},
): ReadinessAnswer {
	const reason = state === "ready" ? unwritable : reasons[state];
	const lines = [reason === undefined ? "ready" : `not ready: ${reason}`];
	if (state === "ready" && staleSinceMs !== undefined) {
		lines.push(`upstream is silent since ${new Date(staleSinceMs).toISOString()}`);
	}
	if (state !== "stopping" && trouble !== undefined) lines.push(trouble);
	if (isVerbose) lines.push(...notes);
	return { status: reason === undefined ? 200 : 503, body: `${lines.join("\n")}\n` };
}
