import { create, type Message } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	createServiceImplSpec,
	type HandlerContext,
	type ServiceImplSpec,
} from "@connectrpc/connect";
import {
	type AccessAnswer,
	AccessAnswerSchema,
	AccessQuestionSchema,
	AccessService,
	WatchAccessResponse_Type as Type,
	type WatchAccessRequest,
	type WatchAccessResponse,
	WatchAccessResponseSchema,
} from "@novasphere/wukong-gen/access-service";
import type { Authorizer, Decision } from "../../auth/authorizer.ts";
import { followAnswers } from "../../auth/follow-answers.ts";
import type { Tickets } from "../../auth/tickets/tickets.ts";
import type { Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import type { Failure } from "../../failure.ts";
import { principalKey } from "../../rpc/call/call-context.ts";
import type { EventLabels } from "../../rpc/protocol/event-labels.ts";
import { createHeartbeats } from "../../watch/heartbeat.ts";
import type { WatchObserver } from "../../watch/observer.ts";
import type { StreamGuard } from "../../watch/stream-guard.ts";
import { requestedMs } from "../wukong/durations.ts";
import { AccessStream } from "./access-stream.ts";
import { type Asked, createAccessAnswers, questionsOf } from "./questions.ts";
import { requireTarget } from "./ticket-target.ts";

/** The service, and what drives its streams. */
export interface Access {
	readonly service: ServiceImplSpec;
	/** Streams that are open. */
	readonly openStreams: number;
	/** Ends every stream, those to come too: a last HEARTBEAT, then `failure`. */
	drain(failure: Failure): void;
}

/** Options of {@link createAccess}. */
export interface AccessOptions {
	/** undefined: whoever may call may do everything. */
	readonly authorizer: Authorizer | undefined;
	readonly createTicket: Tickets["createTicket"];
	/** Returns what ends the streams of a principal from outside. */
	readonly guardOf: (principal: Principal) => StreamGuard;
	/** Namespace of one VM whose namespace is empty. */
	readonly defaultNamespace: string;
	/** Longest silence of a stream whose request asks for none, in milliseconds. */
	readonly heartbeatIntervalMs: number;
	/** Checks that one more stream may open. @throws TOO_MANY_REQUESTS */
	readonly requireRoom: () => void;
	readonly observer: Pick<WatchObserver, "streamOpened" | "streamClosed">;
	readonly clock: Clock;
}

/** Whoever calls where nobody is asked who that is. */
const anonymous: Principal = Object.freeze({
	...{ name: "anonymous", groups: Object.freeze([]), method: "none", credentialId: "" },
});

/** Creates AccessService. It looks nothing up: what it says depends on who asks and on the rights alone. */
export function createAccess(options: AccessOptions): Access {
	const { authorizer, createTicket, guardOf, defaultNamespace, observer, clock } = options;
	const answers = createAccessAnswers(authorizer, defaultNamespace);
	const heartbeats = createHeartbeats(clock);
	const streams = new Set<AccessStream>();
	let drained: Failure | undefined;

	const watch = (request: WatchAccessRequest, context: HandlerContext): AccessStream => {
		const principal = context.values.get(principalKey);
		const questions = questionsOf(request);
		const heartbeatIntervalMs =
			requestedMs("heartbeat_interval", request.heartbeatInterval) ?? options.heartbeatIntervalMs;
		options.requireRoom();
		let leave: (() => void)[] = [];
		const stream = new AccessStream({
			...{ heartbeats, heartbeatIntervalMs, clock, caller: context },
			expireTimeMs: principal?.expireTimeMs,
			onClosed() {
				streams.delete(stream);
				for (const one of leave) one();
				leave = [];
				observer.streamClosed();
			},
		});
		streams.add(stream);
		observer.streamOpened();
		let said: readonly Decision[] | undefined;
		const tell = (decisions: readonly Decision[]) => {
			if (said !== undefined && decisions.every((one, at) => isSame(one, said?.[at]))) return;
			said = decisions;
			stream.tell(answersOf(questions, decisions));
		};
		const end = (failure: Failure) => stream.end(failure);
		if (principal !== undefined) leave.push(guardOf(principal).onEnd(end));
		leave.push(
			followAnswers(authorizer ?? unchanging, {
				principal,
				ask: () => answers.ask(principal, questions),
				onAnswer: tell,
				onFailure: end,
			}),
		);
		if (drained !== undefined) stream.end(drained);
		return stream;
	};

	const service = createServiceImplSpec<typeof AccessService>(AccessService, {
		getCaller(_, { values }) {
			const { name, groups, method, expireTimeMs } = values.get(principalKey) ?? anonymous;
			const expireTime = expireTimeMs === undefined ? undefined : timestampFromMs(expireTimeMs);
			return { name, groups: [...groups], method, ...(expireTime && { expireTime }) };
		},
		async checkAccess(request, { values }) {
			const questions = questionsOf(request);
			const decisions = await answers.ask(values.get(principalKey), questions);
			return { answers: answersOf(questions, decisions) };
		},
		watchAccess: watch,
		createStreamTicket({ target }, { values }) {
			requireTarget(target);
			const made = createTicket(values.get(principalKey) ?? anonymous, target);
			return { ticket: made.ticket, expireTime: timestampFromMs(made.expireTimeMs) };
		},
	});
	return {
		service,
		get openStreams() {
			return streams.size;
		},
		drain(failure) {
			drained = failure;
			for (const stream of [...streams]) stream.end(failure);
		},
	};
}

const unchanging: Pick<Authorizer, "onChange"> = { onChange: () => () => {} };

function isSame(one: Decision, other: Decision | undefined): boolean {
	return one.allowed === other?.allowed && one.reason === other.reason;
}

function answersOf(questions: readonly Asked[], decisions: readonly Decision[]): AccessAnswer[] {
	return questions.map(({ verb, namespace, name }, at) => {
		const { allowed, reason } = decisions[at] as Decision;
		const question = create(AccessQuestionSchema, { verb, namespace, name });
		return create(AccessAnswerSchema, { question, allowed, reason });
	});
}

const eventNames: ReadonlyMap<Type, string> = new Map([
	[Type.ANSWERS, "answers"],
	[Type.HEARTBEAT, "heartbeat"],
]);

/** Labels of the messages of WatchAccess: the type in lower case. There is no place to resume from. */
export const accessEventLabels: EventLabels = {
	schema: WatchAccessResponseSchema,
	nameOf: (message: Message) => eventNames.get((message as WatchAccessResponse).type) ?? "",
	idOf: () => "",
	resume() {},
};
