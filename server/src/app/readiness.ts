import type { Freshness } from "../store/store.ts";

/** Whether this process wants calls, and why not. */
export type Readiness =
	| { readonly state: "starting" }
	| { readonly state: "ready" }
	| { readonly state: "stopping" };

/** What is told of a store's upstream. */
type Upstream = Pick<Freshness, "staleSinceMs" | "trouble" | "unwritable">;

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
 * still answers reads, and to take out all replicas at once would help nobody. A store of this
 * process that cannot write does: nobody else would say so.
 */
export function readinessAnswer(
	{ state }: Readiness,
	{ staleSinceMs, trouble, unwritable }: Upstream,
): ReadinessAnswer {
	const reason = state === "ready" ? unwritable : reasons[state];
	const lines = [reason === undefined ? "ready" : `not ready: ${reason}`];
	if (state === "ready" && staleSinceMs !== undefined) {
		lines.push(`upstream is silent since ${new Date(staleSinceMs).toISOString()}`);
	}
	if (state !== "stopping" && trouble !== undefined) lines.push(trouble);
	return { status: reason === undefined ? 200 : 503, body: `${lines.join("\n")}\n` };
}
