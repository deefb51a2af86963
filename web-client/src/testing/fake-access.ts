import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
	AccessAnswerSchema,
	type AccessQuestion,
	AccessQuestionSchema,
	type AccessService,
	type CheckAccessRequest,
	type GetCallerResponseSchema,
	WatchAccessResponse_Type as Type,
	type WatchAccessRequest,
	WatchAccessResponseSchema,
} from "../../gen/novasphere/v1/access_service_pb.js";
import { accessVerbs, type Question } from "../access/questions.ts";
import type { Clock } from "../live/environment.ts";
import { createNews } from "./fake-watch.ts";

/** What the caller of a fake may do. At first everything is allowed. */
export interface FakeAccess {
	/** Who calls. Default: `anonymous`, by the method `none`. */
	caller: MessageInitShape<typeof GetCallerResponseSchema>;
	/** Allows what is like this, whatever was said before; a field that is left out is any. */
	allow(what?: Partial<Question>): void;
	/** Denies it. Only answers change: the fake's calls are not refused. @param reason for people */
	deny(what?: Partial<Question>, reason?: string): void;
}

interface Rule {
	readonly what: Partial<Question>;
	readonly allowed: boolean;
	readonly reason: string;
}

/** The calls of AccessService, by rights that a test changes. Field rules are not judged. */
export function createFakeAccess(clock: Clock): {
	readonly access: FakeAccess;
	readonly service: ServiceImpl<typeof AccessService>;
} {
	/** The newest one last. */
	const rules = new Map<string, Rule>();
	const listeners = new Set<() => void>();
	let tickets = 0;

	const rule = (what: Partial<Question>, allowed: boolean, reason: string) => {
		const key = JSON.stringify([what.verb, what.namespace, what.name]);
		rules.delete(key);
		rules.set(key, { what, allowed, reason });
		for (const wake of [...listeners]) wake();
	};
	const answer = (question: AccessQuestion) => {
		const { verb, name } = question;
		const isAny = name === "" && (verb === "list" || verb === "watch");
		const namespace = question.namespace || (isAny ? "" : "default");
		const found = [...rules.values()].findLast(
			({ what }) =>
				(what.verb ?? verb) === verb &&
				(what.namespace ?? namespace) === namespace &&
				(what.name ?? name) === name,
		);
		const { allowed = true, reason = "everything is allowed" } = found ?? {};
		return create(AccessAnswerSchema, { question, allowed, reason });
	};
	const answersTo = (request: CheckAccessRequest | WatchAccessRequest) => {
		const { questions, verbs, namespace, name } = request;
		if (questions.length > 0) return questions.map(answer);
		return (verbs.length > 0 ? verbs : accessVerbs).map((verb) =>
			answer(create(AccessQuestionSchema, { verb, namespace, name })),
		);
	};

	async function* watch(request: WatchAccessRequest, { signal }: HandlerContext) {
		if (signal.aborted) return;
		const intervalMs = Number(request.heartbeatInterval?.seconds ?? 15n) * 1_000;
		const news = createNews(clock, intervalMs, signal);
		listeners.add(news.wake);
		const stop = () => {
			listeners.delete(news.wake);
			news.stop();
		};
		// By the signal too: a generator that is suspended at a yield is not always returned.
		signal.addEventListener("abort", stop);
		const say = (type: Type, answers: ReturnType<typeof answersTo>) =>
			create(WatchAccessResponseSchema, { type, answers, time: timestampFromMs(clock.nowMs()) });
		try {
			let told = "";
			for (;;) {
				const answers = answersTo(request);
				const now = JSON.stringify(answers.map(({ allowed, reason }) => [allowed, reason]));
				if (now !== told) yield say(Type.ANSWERS, answers);
				told = now;
				if (await news.isHeartbeatDue()) yield say(Type.HEARTBEAT, []);
			}
		} finally {
			stop();
		}
	}

	const access: FakeAccess = {
		caller: { name: "anonymous", method: "none" },
		allow: (what = {}) => rule(what, true, "it is allowed"),
		deny: (what = {}, reason = "it is not allowed") => rule(what, false, reason),
	};
	const service: ServiceImpl<typeof AccessService> = {
		getCaller: () => access.caller,
		checkAccess: (request) => ({ answers: answersTo(request) }),
		watchAccess: watch,
		createStreamTicket: () => ({
			ticket: `ticket-${++tickets}`,
			expireTime: timestampFromMs(clock.nowMs() + 30_000),
		}),
	};
	return { access, service };
}
