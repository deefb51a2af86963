/** What a caller may be asked to be allowed, as the contract has it (AccessQuestion). */
export const accessVerbs = [
	...(["list", "watch", "get", "create", "update", "delete"] as const),
	...(["start", "stop", "restart", "pause", "resume"] as const),
] as const;

/** One of `accessVerbs`. */
export type AccessVerb = (typeof accessVerbs)[number];

/** One thing that the caller may want to do. */
export interface Question {
	readonly verb: AccessVerb;
	/** Empty: for `list` and `watch` without a name any namespace, else the default one. */
	readonly namespace?: string | undefined;
	/** One VM, existing or not; empty: all of the namespace. */
	readonly name?: string | undefined;
}

/** The same text for the same questions in the same order. */
export function keyOfQuestions(questions: readonly Question[]): string {
	return JSON.stringify(
		questions.map(({ verb, namespace = "", name = "" }) => [verb, namespace, name]),
	);
}
