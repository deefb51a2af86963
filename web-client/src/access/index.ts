/**
 * What the caller may do, so that a page knows what to show: answers now, and answers that are kept
 * current. The service judges each call anyway.
 *
 * @module
 */
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
	type AccessAnswer,
	AccessService,
	type CreateStreamTicketResponse,
	type GetCallerResponse,
} from "../../gen/novasphere/v1/access_service_pb.js";
import type { CallOptions } from "../calls.ts";
import type { WukongClient } from "../client.ts";
import { repeatable, withRetry } from "../retry.ts";
import { openAccess } from "./access-stream.ts";
import { createLiveAccess, type LiveAccess } from "./live-access.ts";
import { keyOfQuestions, type Question } from "./questions.ts";

export type {
	AccessAnswer,
	AccessQuestion,
	CreateStreamTicketResponse,
	GetCallerResponse,
} from "../../gen/novasphere/v1/access_service_pb.js";
export type { AccessSnapshot, LiveAccess } from "./live-access.ts";
export { type AccessVerb, accessVerbs, type Question } from "./questions.ts";

/** The calls of AccessService. Failures are ConnectErrors, as those of the client. */
export interface Access {
	/** Who calls, as the service has found it. */
	getCaller(options?: CallOptions): Promise<GetCallerResponse>;
	/**
	 * What the caller may do now. At most 100 questions.
	 *
	 * @returns one answer for each question, in their order
	 * @throws ConnectError INVALID_ARGUMENT without a question
	 */
	check(questions: readonly Question[], options?: CallOptions): Promise<readonly AccessAnswer[]>;
	/**
	 * The same, kept current as a live list is: by its waits, its watch over silence, its tokens. Whoever asks
	 * the same in the same order gets the same store, and one stream feeds it.
	 *
	 * @throws ConnectError INVALID_ARGUMENT without a question
	 * @example
	 * const stop = createAccess(client).watch([{ verb: "stop", name: "web-1" }]);
	 * stop.subscribe(({ answers: [answer] }) => (button.disabled = !answer?.allowed));
	 */
	watch(questions: readonly Question[]): LiveAccess;
	/**
	 * A ticket for the URL of one EventSource or WebSocket, good once and for 30 s.
	 *
	 * @param target path and query as they will be sent, without the ticket
	 */
	createStreamTicket(target: string, options?: CallOptions): Promise<CreateStreamTicketResponse>;
}

/** How many stores of a client are kept that nobody subscribes to. */
const maxIdle = 32;
/** The stores of each client, by what ends it, which it has in common with those in one namespace. */
const storesOf = new WeakMap<AbortSignal, Map<string, LiveAccess>>();

/**
 * Gives the calls of AccessService by a client's own transport, token and options. It may be called in each
 * place that needs it: nothing is asked, and what is watched is shared by all of them.
 *
 * @param client one in a namespace asks about that only
 */
export function createAccess({ context }: Pick<WukongClient, "context">): Access {
	const { environment, attempts, place, signal: closed } = context;
	const rpc = createClient(AccessService, context.transport);
	const retry = <T>(call: () => Promise<T>, { signal }: CallOptions) =>
		withRetry(call, { environment, attempts, rule: repeatable, signal });
	const placed = (questions: readonly Question[]) => {
		// The service would take it for all verbs.
		if (questions.length === 0) throw new ConnectError("no question", Code.InvalidArgument);
		return questions.map((question) => place(question));
	};

	return {
		getCaller: (options = {}) => retry(() => rpc.getCaller({}, options), options),
		async check(given, options = {}) {
			const questions = placed(given).map(({ verb, namespace = "", name = "" }) => ({
				...{ verb, namespace, name },
			}));
			const { answers } = await retry(() => rpc.checkAccess({ questions }, options), options);
			return answers;
		},
		watch(given) {
			const questions = placed(given);
			const stores = storesOf.get(closed) ?? new Map<string, LiveAccess>();
			storesOf.set(closed, stores);
			const key = keyOfQuestions(questions);
			const known = stores.get(key);
			if (known !== undefined) return known;
			for (const [other, kept] of stores) {
				if (stores.size >= maxIdle && kept.isIdle) stores.delete(other);
			}
			const store = createLiveAccess(openAccess(rpc, questions, context), context);
			stores.set(key, store);
			return store;
		},
		createStreamTicket: (target, options = {}) =>
			retry(() => rpc.createStreamTicket({ target }, options), options),
	};
}
