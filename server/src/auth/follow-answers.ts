import type { Principal } from "../caller.ts";
import type { Failure } from "../failure.ts";
import type { Authorizer } from "./authorizer.ts";

/** What is asked again and again, and who hears the answers. */
export interface FollowedAnswer<A> {
	/** Whose rights it is about. Default: anybody's. */
	readonly principal?: Principal | undefined;
	/** Asks the authorizer. */
	ask(): A | Promise<A>;
	onAnswer(answer: A): void;
	/** Hears that nobody can tell. */
	onFailure(failure: Failure): void;
}

/**
 * Asks now and at each change of an authorizer; of answers that come late only that of the last
 * question counts.
 * @returns ends it: nobody hears of it any more
 */
export function followAnswers<A>(
	{ onChange }: Pick<Authorizer, "onChange">,
	{ principal, ask, onAnswer, onFailure }: FollowedAnswer<A>,
): () => void {
	let asked = 0;
	const look = () => {
		const own = ++asked;
		const fail = (failure: unknown) => {
			if (own === asked) onFailure(failure as Failure);
		};
		try {
			const answer = ask();
			if (answer instanceof Promise) {
				answer.then((late) => {
					if (own === asked) onAnswer(late);
				}, fail);
			} else onAnswer(answer);
		} catch (failure) {
			fail(failure);
		}
	};
	const forget = onChange(look, principal);
	look();
	return () => {
		asked++;
		forget();
	};
}
