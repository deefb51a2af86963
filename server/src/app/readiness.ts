import type { Freshness } from "../store/change-feed.ts";

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
 * @param troubles what else is wrong; makes no replica unready, because most callers may be served
 * @param notes what else is known, beside the store
 * @param isVerbose adds what else is known of the store, as the API server does at `?verbose`
 */
export function readinessAnswer(
	{ state }: Readiness,
	{ staleSinceMs, trouble, unwritable, notes = [] }: Upstream,
	{
		isVerbose = false,
		troubles = [],
		notes: further = [],
	}: {
		readonly isVerbose?: boolean;
		readonly troubles?: readonly string[];
		readonly notes?: readonly string[];
	} = {},
): ReadinessAnswer {
	const reason = state === "ready" ? unwritable : reasons[state];
	const lines = [reason === undefined ? "ready" : `not ready: ${reason}`];
	if (state === "ready" && staleSinceMs !== undefined) {
		lines.push(`upstream is silent since ${new Date(staleSinceMs).toISOString()}`);
	}
	if (state !== "stopping" && trouble !== undefined) lines.push(trouble);
	lines.push(...troubles);
	if (isVerbose) lines.push(...notes, ...further);
	return { status: reason === undefined ? 200 : 503, body: `${lines.join("\n")}\n` };
}
