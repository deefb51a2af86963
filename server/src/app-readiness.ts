/** Whether this process wants calls, and why not. */
export type Readiness =
	| { readonly state: "starting" }
	| { readonly state: "ready" }
	| { readonly state: "stopping" };

/** What an orchestrator reads at `/readyz`. */
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
 * The answer of `/readyz`. A silent upstream is told but does not make a replica unready: it
 * still answers reads, and to take out all replicas at once would help nobody.
 * @param staleSinceMs set while upstream is silent, in milliseconds since 1970
 */
export function readinessAnswer(
	{ state }: Readiness,
	staleSinceMs: number | undefined,
): ReadinessAnswer {
	if (state !== "ready") return { status: 503, body: `not ready: ${reasons[state]}\n` };
	if (staleSinceMs === undefined) return { status: 200, body: "ready\n" };
	const since = new Date(staleSinceMs).toISOString();
	return { status: 200, body: `ready\nupstream is silent since ${since}\n` };
}
