import type { JsonObject } from "@bufbuild/protobuf";

/** Reason for which a call to the API server failed. */
export type UpstreamProblem =
	/** No connection came about: surely nothing was done. */
	| { readonly kind: "unreachable" }
	/** The request went out, and no whole answer came back. */
	| { readonly kind: "lost" }
	/** The answer, or the part of a stream that came last, makes no sense. */
	| { readonly kind: "garbled" }
	/** A line of a watch is longer than anything that a store can hold. */
	| { readonly kind: "oversized" }
	/** The API server refused. */
	| {
			readonly kind: "refused";
			/** HTTP status, or the code of an ERROR event. */
			readonly code: number;
			/** The answer where it was a Kubernetes `Status`, else empty. */
			readonly status: JsonObject;
			/** What the API server asked to wait before the next try, in milliseconds. */
			readonly retryAfterMs: number | undefined;
	  };

/** Reports a failed call to the API server. Its text is for the log only. */
export class UpstreamError extends Error {
	override readonly name = "UpstreamError";
	readonly problem: UpstreamProblem;

	constructor(problem: UpstreamProblem, message: string, cause?: unknown) {
		super(message, { cause });
		this.problem = problem;
	}
}

/** Returns the HTTP status that the API server refused with; undefined for any other failure. */
export function refusalCode(error: unknown): number | undefined {
	return error instanceof UpstreamError && error.problem.kind === "refused"
		? error.problem.code
		: undefined;
}

/** Returns the wait that the API server asked for before the next try, in milliseconds; undefined: none. */
export function retryAfterOf(error: unknown): number | undefined {
	return error instanceof UpstreamError && error.problem.kind === "refused"
		? error.problem.retryAfterMs
		: undefined;
}

/** Builds one line for the log: the error's text, and those of its causes that add to it. */
export function reasonOf(error: unknown): string {
	const texts: string[] = [];
	for (let at = error; at instanceof Error && texts.length < maxCauses; at = at.cause) {
		if (!texts.some((text) => text.includes(at.message))) texts.push(at.message);
	}
	return (texts.join(": ") || String(error)).replaceAll(/\s+/g, " ");
}

/** Causes that are followed; more would not help. */
const maxCauses = 4;
