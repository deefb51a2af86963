import type { KubeWriter, Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import { storeClosed } from "../../failure.ts";
import { createNamespaceSet } from "../../resource/namespace-set.ts";
import type { Reviews } from "../../store/kubernetes/reviews/reviews.ts";
import type { Authorizer, Decision, Namespaces, Question, Verb } from "../authorizer.ts";
import { createAccessReviews } from "./access-reviews.ts";
import { accessRules } from "./access-rules.ts";
import { createFollowers, type Followed, freshMs, type Occasion } from "./followers.ts";
import { createReviewQueue } from "./review-queue.ts";
import {
	type AccessQuestion,
	type Answer,
	createReviewedUsers,
	type KeptSet,
	type User,
} from "./reviewed-users.ts";
import { createRounds } from "./rounds.ts";

/** The namespaces that there are Wukongs in. */
export interface KnownNamespaces {
	readonly names: ReadonlySet<string>;
	/** Rises when there is another one. */
	readonly revision: number;
	/** Calls back when there is another one. */
	onAppear(callback: () => void): void;
}

export interface ClusterAuthorizerOptions {
	readonly reviews: Pick<Reviews, "reviewAccess">;
	readonly namespaces: KnownNamespaces;
	/** The one namespace that the service serves; empty: all. */
	readonly served: string;
	readonly writesAs: KubeWriter;
	/** Reviews that the API server is asked for in any second, at most. */
	readonly maxReviewsPerSecond: number;
	readonly clock: Clock;
	/** Random number from 0 to below 1. */
	readonly random: () => number;
	/** Hears that the cluster cannot be asked; once until it can. */
	readonly onTrouble: (error: unknown) => void;
	readonly onRecovery: () => void;
}

/** An authorizer that asks a cluster. */
export interface ClusterAuthorizer extends Authorizer {
	/** Drops what is known and asks anew, now and twice more: rights have changed in the cluster. */
	rightsChanged(): void;
	/** Says why the cluster cannot be asked, in one line; undefined: it answered last. */
	trouble(): string | undefined;
	stop(): void;
}

const yes: Decision = { allowed: true, reason: "the rights of the cluster allow it" };
const none = createNamespaceSet([]);

/** What came of a question, and how long it holds. */
interface Verdict {
	readonly decision: Decision;
	readonly sentMs: number;
	readonly untilMs: number;
}

/**
 * Creates the authorizer of a cluster, by its SubjectAccessReviews. A right to all objects of a namespace
 * is asked for first, and to one of them where there is none. What is known is answered at once; what
 * cannot be asked fails, and is never a yes.
 */
export function createClusterAuthorizer(options: ClusterAuthorizerOptions): ClusterAuthorizer {
	const { namespaces: known, served, clock, onTrouble, onRecovery } = options;
	const rules = accessRules[options.writesAs];
	const users = createReviewedUsers();
	const queue = createReviewQueue(options.maxReviewsPerSecond, clock);
	const followers = createFollowers<Followed>(clock, options.random);
	const everybody: Followed = { listeners: new Set() };
	let round = 0;
	let nextRound = Promise.withResolvers<void>();

	const tellAll = (occasion: Occasion) => {
		for (const user of users.all()) followers.tell(user, occasion);
		followers.tell(everybody, occasion);
	};
	const rounds = createRounds(() => {
		round++;
		reviews.drop();
		const { resolve } = nextRound;
		nextRound = Promise.withResolvers();
		tellAll("round");
		resolve();
	}, clock);
	const reviews = createAccessReviews({
		...{ reviews: options.reviews, users, queue, clock, onTrouble, onRecovery },
		isUnsettled: () => rounds.isUnsettled,
	});
	known.onAppear(() => tellAll("namespace"));

	/** Finds an answer that still holds, and is not to be asked for again on this occasion. */
	const answered = (
		user: User,
		question: AccessQuestion,
		{ occasion, nowMs }: { readonly occasion: Occasion | undefined; readonly nowMs: number },
	): Answer | undefined => {
		const answer = user.answer(question);
		if (answer === undefined || answer.untilMs <= nowMs) return undefined;
		if (occasion === "due" && nowMs - answer.sentMs >= freshMs) return undefined;
		if (user.listeners.size > 0) followers.rely(user, answer.sentMs);
		return answer;
	};

	/** Judges from what is known; undefined: that does not suffice. */
	const judge = (user: User, { verb, namespace, name }: Question): Decision | undefined => {
		const when = { occasion: followers.occasion, nowMs: clock.monotonicMs() };
		for (const { anyOf, denied } of rules[verb]) {
			let isMet: boolean | undefined = false;
			for (const right of anyOf) {
				let answer = answered(user, { right, namespace, name: "" }, when);
				if (answer?.allowed === false && name !== "") {
					answer = answered(user, { right, namespace, name }, when);
				}
				if (answer?.allowed === true) {
					isMet = true;
					break;
				}
				if (answer === undefined) isMet = undefined;
			}
			if (isMet === undefined) return undefined;
			if (!isMet) return { allowed: false, reason: denied };
		}
		return yes;
	};

	/** Asks for one right, where it is not known. */
	const find = async (
		user: User,
		question: AccessQuestion,
		occasion: Occasion | undefined,
	): Promise<Answer> => {
		const known = answered(user, question, { occasion, nowMs: clock.monotonicMs() });
		if (known !== undefined) return known;
		const before = user.answer(question);
		try {
			const answer = await reviews.ask(user, question, occasion !== undefined);
			if (user.listeners.size > 0) followers.rely(user, answer.sentMs);
			return answer;
		} catch (failure) {
			if (occasion === undefined) throw failure;
			// What is open goes on for as long as it may: the cluster may answer again by then.
			if (before !== undefined && clock.monotonicMs() < before.untilMs && !user.isGone) {
				followers.retry(user);
				return before;
			}
			if (occasion === "round" && rounds.isUnsettled) await nextRound.promise;
			throw failure;
		}
	};

	/** Asks for what a verb needs. */
	const settle = async (
		user: User,
		{ verb, namespace, name }: Question,
		occasion: Occasion | undefined,
	): Promise<Verdict> => {
		let verdict: Verdict = { decision: yes, sentMs: Infinity, untilMs: Infinity };
		const holdsFor = ({ sentMs, untilMs }: Answer, decision: Decision): Verdict => ({
			decision,
			sentMs: Math.min(verdict.sentMs, sentMs),
			untilMs: Math.min(verdict.untilMs, untilMs),
		});
		for (const { anyOf, denied } of rules[verb]) {
			let met: Answer | undefined;
			let last: Answer | undefined;
			for (const right of anyOf) {
				last = await find(user, { right, namespace, name: "" }, occasion);
				if (!last.allowed && name !== "")
					last = await find(user, { right, namespace, name }, occasion);
				if (last.allowed) {
					met = last;
					break;
				}
			}
			if (met === undefined) {
				return holdsFor(last as Answer, { allowed: false, reason: denied });
			}
			verdict = holdsFor(met, yes);
		}
		return verdict;
	};

	/** Asks about each namespace that a set does not know, and keeps what comes of it while it holds. */
	const collect = async (
		user: User,
		verb: Verb,
		occasion: Occasion | undefined,
	): Promise<Namespaces> => {
		const kept = user.sets.get(verb);
		const isKept = () => kept !== undefined && kept.untilMs > clock.monotonicMs();
		const base = occasion !== "due" && isKept() ? kept : undefined;
		const [before, { revision }] = [round, known];
		const ask = (namespace: string) => settle(user, { verb, namespace, name: "" }, occasion);
		try {
			const verdicts: Verdict[] = [];
			if (base === undefined) {
				const everywhere = await ask("");
				if (everywhere.decision.allowed) return "";
				verdicts.push(everywhere);
			}
			const wanted = [...known.names].filter((name) => base?.asked.has(name) !== true);
			const found = await Promise.all(wanted.map(ask));
			verdicts.push(...found);
			const allowed = wanted.filter((_, index) => found[index]?.decision.allowed);
			const namespaces = createNamespaceSet([...(base?.namespaces.names ?? []), ...allowed]);
			// It holds for as long as what is in it: else each of many refusals would be asked for all the time.
			const isEmpty = namespaces.names.length === 0;
			const lasting = verdicts.filter(({ decision }) => isEmpty || decision.allowed);
			const set: KeptSet = {
				...{ namespaces, revision, asked: new Set([...(base?.asked ?? []), ...wanted]) },
				sentMs: Math.min(base?.sentMs ?? Infinity, ...verdicts.map(({ sentMs }) => sentMs)),
				untilMs: Math.min(base?.untilMs ?? Infinity, ...lasting.map(({ untilMs }) => untilMs)),
			};
			if (before === round) users.keep(user, verb, set);
			return namespaces;
		} catch (failure) {
			if (occasion === undefined || kept === undefined || before !== round || !isKept())
				throw failure;
			followers.retry(user);
			return kept.namespaces;
		}
	};

	const decide = (user: User, question: Question): Decision | Promise<Decision> => {
		const known = judge(user, question);
		if (known !== undefined) return known;
		return settle(user, question, followers.occasion).then(({ decision }) => decision);
	};

	return {
		decide: (principal: Principal, question) => decide(users.of(principal), question),
		namespacesOf(principal, verb) {
			const user = users.of(principal);
			const { occasion } = followers;
			if (served !== "") {
				const found = decide(user, { verb, namespace: served, name: "" });
				return found instanceof Promise ? found.then(servedIf) : servedIf(found);
			}
			if (judge(user, { verb, namespace: "", name: "" })?.allowed) return "";
			const kept = user.sets.get(verb);
			const nowMs = clock.monotonicMs();
			const isGood =
				kept?.revision === known.revision &&
				kept.untilMs > nowMs &&
				(occasion !== "due" || nowMs - kept.sentMs < freshMs);
			if (!isGood) return collect(user, verb, occasion);
			if (user.listeners.size > 0) followers.rely(user, kept.sentMs);
			return kept.namespaces;
		},
		onChange: (callback, principal) =>
			followers.join(principal === undefined ? everybody : users.of(principal), callback),
		rightsChanged: rounds.changed,
		trouble: () => reviews.trouble,
		stop() {
			rounds.stop();
			followers.stop();
			queue.close(storeClosed());
			nextRound.resolve();
		},
	};
}

/** Where one namespace is served, it is all of them. */
function servedIf({ allowed }: Decision): Namespaces {
	return allowed ? "" : none;
}
