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
		principal: Principal,
		ask: () => A | Promise<A>,
		hear: {
			readonly onAnswer: (answer: A) => void;
			readonly onFailure: (failure: Failure) => void;
		},
	) => followAnswers(authorizer, { principal, ask, ...hear });

	return {
		guardOf: (principal, question) => ({
			onEnd: (callback) =>
				follow<Decision>(principal, () => authorizer.decide(principal, question), {
					onAnswer({ allowed }) {
						if (!allowed) callback(permissionDenied(question));
					},
					onFailure: callback,
				}),
		}),
		guardOfAll(principal, verb) {
			const ask = () => authorizer.namespacesOf(principal, verb);
			return {
				onEnd: (callback) =>
					follow<Namespaces>(principal, ask, {
						onAnswer(namespaces) {
							if (!isNone(namespaces)) return;
							callback(permissionDenied({ verb, namespace: "", name: "" }));
						},
						onFailure: callback,
					}),
				onNamespaces(callback) {
					let told: Namespaces | undefined;
					return follow<Namespaces>(principal, ask, {
						onAnswer(namespaces) {
							if (isNone(namespaces)) return;
							if (told !== undefined && isSameNamespace(told, namespaces)) return;
							told = namespaces;
							callback(namespaces);
						},
						// The other callback hears of it.
						onFailure() {},
					});
				},
			};
		},
	};
}
