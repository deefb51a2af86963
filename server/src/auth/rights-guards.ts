import type { Principal } from "../caller.ts";
import type { Failure } from "../failure.ts";
import { isSameNamespace } from "../resource/namespace-set.ts";
import type { StreamGuard } from "../watch/stream-guard.ts";
import {
	type Authorizer,
	type Decision,
	isNone,
	type Namespaces,
	permissionDenied,
	type Question,
	type Verb,
} from "./authorizer.ts";
import { followAnswers } from "./follow-answers.ts";

/** Keeps what is open within the rights of who opened it, as these change. */
export interface RightsGuards {
	/** Returns the guard of a stream or a wait that one question decides: it ends with PERMISSION_DENIED. */
	guardOf(principal: Principal, question: Question): StreamGuard;
	/**
	 * Returns the guard of a stream over all namespaces that the principal may read: it is told of other
	 * ones, and ends with PERMISSION_DENIED where none are left.
	 */
	guardOfAll(principal: Principal, verb: Verb): StreamGuard;
}

/**
 * Creates the guards. Each asks the authorizer when its stream opens, because rights may have changed
 * since the call was let in, and again at each of its changes.
 */
export function createRightsGuards(authorizer: Authorizer): RightsGuards {
	/** Where nobody can tell, the right may be gone. */
	const follow = <A>(
		ask: () => A | Promise<A>,
		onAnswer: (answer: A) => void,
		onFailure: (failure: Failure) => void,
	) => followAnswers(authorizer, { ask, onAnswer, onFailure });

	return {
		guardOf: (principal, question) => ({
			onEnd: (callback) =>
				follow<Decision>(
					() => authorizer.decide(principal, question),
					({ allowed }) => {
						if (!allowed) callback(permissionDenied(question));
					},
					callback,
				),
		}),
		guardOfAll(principal, verb) {
			const ask = () => authorizer.namespacesOf(principal, verb);
			return {
				onEnd: (callback) =>
					follow<Namespaces>(
						ask,
						(namespaces) => {
							if (isNone(namespaces)) {
								callback(permissionDenied({ verb, namespace: "", name: "" }));
							}
						},
						callback,
					),
				onNamespaces(callback) {
					let told: Namespaces | undefined;
					return follow<Namespaces>(
						ask,
						(namespaces) => {
							if (isNone(namespaces)) return;
							if (told !== undefined && isSameNamespace(told, namespaces)) return;
							told = namespaces;
							callback(namespaces);
						},
						// The other callback hears of it.
						() => {},
					);
				},
			};
		},
	};
}
