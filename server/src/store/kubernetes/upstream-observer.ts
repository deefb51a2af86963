import { UpstreamError } from "./upstream-error.ts";

/**
 * Names what is wrong with the connection to the API server, in one word for logs, metrics and
 * readiness.
 */
export type Trouble =
	/** No connection, or it broke. */
	| "unreachable"
	/** The cluster does not know our credentials. */
	| "unauthorized"
	/** The cluster knows us, but does not let us list and watch. */
	| "forbidden"
	/** The cluster does not know the custom resource. */
	| "not-installed"
	/** The cluster fails, or what it says makes no sense. */
	| "failing";

/** Explains each trouble to operators. */
export const troubleWords: Readonly<Record<Trouble, string>> = {
	unreachable: "the cluster cannot be reached",
	unauthorized: "the cluster does not accept our credentials",
	forbidden: "the cluster does not let us list and watch",
	"not-installed": "the definition of the custom resource is not installed",
	failing: "the cluster fails, or what it says makes no sense",
};

/**
 * Observes the reflectors; for logs and metrics. Each call names the kind as paths have it, such as
 * `virtualmachines`: one of the few that are followed.
 */
export interface UpstreamObserver {
	/** A list of all objects was read. */
	listed(cause: ListCause, kind: string): void;
	watchOpened(kind: string): void;
	watchEnded(end: "clean" | "expired" | "failed", kind: string): void;
	/** A list or a watch failed. @param error for the log only */
	troubled(trouble: Trouble, error: unknown, kind: string): void;
	/** Hears that all is well again with a kind. */
	recovered(kind: string): void;
}

/** Observes writes; for metrics. */
export interface WriteObserver {
	/** A write was answered before reads here showed it: neither watch nor list brought its change. */
	answeredUnseen(): void;
}

/** The reason that a list was read. */
export type ListCause = "start" | "past" | "expired" | "unreadable" | "older" | "ahead";

/** Classifies an error. */
export function troubleOf(error: unknown): Trouble {
	if (!(error instanceof UpstreamError)) return "failing";
	const { problem } = error;
	if (problem.kind === "unreachable" || problem.kind === "lost") return "unreachable";
	if (problem.kind !== "refused") return "failing";
	switch (problem.code) {
		case 401:
			return "unauthorized";
		case 403:
			return "forbidden";
		case 404:
			return "not-installed";
		default:
			return "failing";
	}
}
