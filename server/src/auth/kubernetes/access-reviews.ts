import type { Clock } from "../../clock.ts";
import type { Failure } from "../../failure.ts";
import type { Reviews } from "../../store/kubernetes/reviews/reviews.ts";
import type { ReviewQueue } from "./review-queue.ts";
import type { AccessQuestion, Answer, Pending, ReviewedUsers, User } from "./reviewed-users.ts";

/** Asks the cluster, each question once at one time, and remembers what it says for a while. */
export interface AccessReviews {
	/**
	 * Asks, whatever is known already.
	 * @param isFollowing an open stream asks
	 * @throws UPSTREAM_UNAVAILABLE, TOO_MANY_REQUESTS
	 */
	ask(user: User, question: AccessQuestion, isFollowing: boolean): Promise<Answer>;
	/** Rights have changed: what was said, and what is being said, is remembered no more. */
	drop(): void;
	/** Says why the cluster cannot be asked, in one line; undefined: it answered last. */
	readonly trouble: string | undefined;
}

/** Time for which an answer holds from when it was asked, in milliseconds. */
export const allowedMs = 30_000;
export const deniedMs = 5_000;
/** The same, while rights have just changed and the API server may not have seen it. */
export const unsettledMs = 1_000;

/** Creates the reviews of rights. */
export function createAccessReviews(options: {
	readonly reviews: Pick<Reviews, "reviewAccess">;
	readonly users: Pick<ReviewedUsers, "remember" | "drop">;
	readonly queue: ReviewQueue;
	/** Checks whether rights have just changed. */
	readonly isUnsettled: () => boolean;
	readonly clock: Pick<Clock, "monotonicMs">;
	/** Hears that the cluster cannot be asked; once until it can. */
	readonly onTrouble: (error: unknown) => void;
	readonly onRecovery: () => void;
}): AccessReviews {
	const { reviews, users, queue, isUnsettled, clock } = options;
	/** Counts changes of rights. */
	let changes = 0;
	let trouble: string | undefined;

	const answerOf = (allowed: boolean, sentMs: number): Answer => {
		const settledMs = allowed ? allowedMs : deniedMs;
		return { allowed, sentMs, untilMs: sentMs + (isUnsettled() ? unsettledMs : settledMs) };
	};
	const send = async (user: User, { right, namespace, name }: AccessQuestion): Promise<boolean> => {
		try {
			const allowed = await reviews.reviewAccess(user.reviewed, { ...right, namespace, name });
			if (trouble !== undefined) options.onRecovery();
			trouble = undefined;
			return allowed;
		} catch (error) {
			if (trouble === undefined) options.onTrouble(error);
			trouble = `rights are what they were: ${(error as Failure).message}`;
			throw error;
		}
	};

	return {
		ask(user, question, isFollowing) {
			const { right, namespace, name } = question;
			const { verb, resource, subresource } = right;
			const key = `${verb} ${resource}/${subresource} ${namespace}/${name}`;
			const before = user.pending.get(key);
			if (before !== undefined) return before.answer;
			const { promise, resolve, reject } = Promise.withResolvers<Answer>();
			const pending: Pending = { answer: promise, sentIn: undefined };
			const settle = () => {
				if (user.pending.get(key) === pending) user.pending.delete(key);
			};
			const fail = (failure: unknown) => {
				settle();
				reject(failure);
			};
			user.pending.set(key, pending);
			try {
				queue.add({
					owner: user,
					isFollowing,
					onLate: fail,
					async send() {
						pending.sentIn = changes;
						const sentMs = clock.monotonicMs();
						try {
							const answer = answerOf(await send(user, question), sentMs);
							// What was asked before a change of rights may be of before it.
							if (pending.sentIn === changes) users.remember(user, question, answer);
							settle();
							resolve(answer);
						} catch (error) {
							fail(error);
						}
					},
				});
			} catch (failure) {
				fail(failure);
			}
			return promise;
		},
		drop() {
			changes++;
			users.drop();
		},
		get trouble() {
			return trouble;
		},
	};
}
