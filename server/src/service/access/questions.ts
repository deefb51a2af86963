import type { AccessQuestion, CheckAccessRequest } from "@novasphere/wukong-gen/access-service";
import {
	type Authorizer,
	type Decision,
	isNone,
	type Namespaces,
	permissionDenied,
	type Verb,
	verbs,
} from "../../auth/authorizer.ts";
import type { Principal } from "../../caller.ts";
import { invalidRequest } from "../../failure.ts";
import { questionOf } from "../interceptors/authorize.ts";

/** A question as a request has it; its verb has passed the field rules. */
export type Asked = Pick<AccessQuestion, "verb" | "namespace" | "name">;

/** Answers questions of a caller. */
export interface AccessAnswers {
	/**
	 * Answers all of them, in their order, at once where that can be.
	 * @throws UPSTREAM_UNAVAILABLE, TOO_MANY_REQUESTS: nobody can tell now
	 */
	ask(
		principal: Principal | undefined,
		questions: readonly Asked[],
	): readonly Decision[] | Promise<readonly Decision[]>;
}

/**
 * Reads the questions of a request: those that it lists, or one for each of its verbs.
 * @throws INVALID_REQUEST where it has both
 */
export function questionsOf(
	request: Pick<CheckAccessRequest, "questions" | "verbs" | "namespace" | "name">,
): readonly Asked[] {
	const { questions, namespace, name } = request;
	if (questions.length === 0) {
		const asked = request.verbs.length > 0 ? request.verbs : verbs;
		return asked.map((verb) => ({ verb, namespace, name }));
	}
	if (request.verbs.length > 0 || namespace !== "" || name !== "") {
		const description = "stands in place of verbs, namespace and name, and not beside them";
		throw invalidRequest({ field: "questions", description });
	}
	return questions;
}

const openToAll: Decision = { allowed: true, reason: "nobody is asked here who calls" };
const noPolicy: Decision = {
	allowed: true,
	reason: "there is no policy: whoever signs in may do everything",
};

/**
 * Creates what answers questions as the calls themselves would be judged.
 * @param authorizer undefined: whoever may call may do everything
 */
export function createAccessAnswers(
	authorizer: Authorizer | undefined,
	defaultNamespace: string,
): AccessAnswers {
	return {
		ask(principal, questions) {
			if (principal === undefined) return questions.map(() => openToAll);
			if (authorizer === undefined) return questions.map(() => noPolicy);
			const found = questions.map((asked) => {
				const question = questionOf(asked.verb as Verb, asked, defaultNamespace);
				if (question.namespace !== "") return authorizer.decide(principal, question);
				const namespaces = authorizer.namespacesOf(principal, question.verb);
				return namespaces instanceof Promise
					? namespaces.then((late) => overall(late, question.verb))
					: overall(namespaces, question.verb);
			});
			return found.some((one) => one instanceof Promise)
				? Promise.all(found)
				: (found as Decision[]);
		},
	};
}

/** Decides a question about all namespaces. */
function overall(namespaces: Namespaces, verb: Verb): Decision {
	if (isNone(namespaces)) {
		return { allowed: false, reason: permissionDenied({ verb, namespace: "", name: "" }).message };
	}
	const place = namespaces === "" ? "in every namespace" : "in some namespaces";
	return { allowed: true, reason: `you may ${verb} wukongs ${place}` };
}
