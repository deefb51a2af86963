import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
	type AccessAnswer,
	type AccessService,
	WatchAccessResponse_Type as Type,
} from "../../gen/novasphere/v1/access_service_pb.js";
import { WukongEvent_Type as Step } from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { ClientContext } from "../client-context.ts";
import { createLeavableStream } from "../leavable-stream.ts";
import type { FollowedState, OpenStream, StreamMessage } from "../live/follow.ts";
import { createPause } from "../live/pause.ts";
import { onAbort } from "../on-abort.ts";
import type { Question } from "./questions.ts";

/** A message as all streams are followed: answers are SYNCED, for they are whole each time. */
export interface AccessMessage extends StreamMessage {
	/** On SYNCED: one for each question, in their order. */
	readonly answers: readonly AccessAnswer[];
}

/** Time between two questions at most where connections are few, in milliseconds. */
const pollMs = 5_000;

/**
 * Makes what opens the streams of some questions. Over cleartext HTTP/1.1, where connections are few, a
 * stream holds none: it asks again and again.
 */
export function openAccess(
	rpc: Pick<Client<typeof AccessService>, "watchAccess">,
	questions: readonly Question[],
	context: ClientContext,
): OpenStream<AccessMessage> {
	const { heartbeatIntervalMs, handOver = (open) => open } = context;
	const watch = createLeavableStream(rpc.watchAccess);
	const request = {
		questions: questions.map(({ verb, namespace = "", name = "" }) => ({ verb, namespace, name })),
	};

	async function* watched(_token: string, signal: AbortSignal): AsyncGenerator<AccessMessage> {
		const heartbeatInterval = durationFromMs(heartbeatIntervalMs);
		for await (const told of watch({ ...request, heartbeatInterval }, { signal })) {
			// Of a type that a newer service has, only the time counts.
			yield messageOf(told.type === Type.ANSWERS ? Step.SYNCED : Step.HEARTBEAT, told);
		}
	}
	async function* asked(token: string, signal: AbortSignal): AsyncGenerator<AccessMessage> {
		const pause = createPause(context.environment.clock);
		const letGo = onAbort(signal, pause.stop);
		try {
			while (!signal.aborted) {
				let answers: AccessMessage | undefined;
				// A stream, because a refused token is known by the streams that showed it.
				for await (const message of watched(token, signal)) {
					if (message.type === Step.SYNCED) answers = message;
					if (answers !== undefined) break;
				}
				// The stream ended before it said anything.
				if (answers === undefined) return;
				yield answers;
				// A longer wait would count as silence.
				await pause.wait(Math.min(pollMs, heartbeatIntervalMs));
			}
		} finally {
			letGo();
		}
	}
	return context.isCramped ? asked : handOver(watched);
}

function messageOf(
	type: Step,
	told: Pick<AccessMessage, "answers"> &
		Partial<Pick<AccessMessage, "time" | "credentialsExpireTime">>,
): AccessMessage {
	const { answers, time, credentialsExpireTime } = told;
	return {
		type,
		answers,
		// There is no place to resume from.
		resourceVersion: "",
		...(time && { time }),
		...(credentialsExpireTime && { credentialsExpireTime }),
	};
}

/** What the messages of all streams of some questions have told. */
export interface AccessState extends FollowedState<AccessMessage> {
	/** The newest answers: the same array until one of them changes. */
	readonly answers: readonly AccessAnswer[];
}

export function createAccessState(): AccessState {
	let answers: readonly AccessAnswer[] = [];
	let synced = false;
	let wasSynced = false;

	return {
		token: "",
		get answers() {
			return answers;
		},
		get synced() {
			return synced;
		},
		get wasSynced() {
			return wasSynced;
		},
		connect() {
			synced = false;
		},
		apply({ type, answers: told }) {
			if (type !== Step.SYNCED) return [];
			synced = true;
			wasSynced = true;
			const isSame = ({ allowed, reason }: AccessAnswer, at: number) =>
				answers[at]?.allowed === allowed && answers[at].reason === reason;
			if (told.length !== answers.length || !told.every(isSame)) answers = told;
			return [];
		},
	};
}
