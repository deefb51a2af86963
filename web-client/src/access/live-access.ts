import { ConnectError } from "@connectrpc/connect";
import type { AccessAnswer } from "../../gen/novasphere/v1/access_service_pb.js";
import type { ClientContext } from "../client-context.ts";
import type { Timer } from "../live/environment.ts";
import { follow, type OpenStream } from "../live/follow.ts";
import type { LiveList } from "../live/live-list.ts";
import { conditionOf, type LiveCondition } from "../live/status.ts";
import { onAbort } from "../on-abort.ts";
import { tell, tellAll } from "../tell.ts";
import { type AccessMessage, createAccessState } from "./access-stream.ts";

/** Answers at one moment. It never changes: the next state is another object. */
export interface AccessSnapshot extends LiveCondition {
	/**
	 * One for each question, in their order; empty until `synced`. While the status is not `live` they are
	 * the newest that have come. The same array until an answer changes.
	 */
	readonly answers: readonly AccessAnswer[];
	/** Answers have come at some time. */
	readonly synced: boolean;
}

/** Answers that are kept current. Their stream is open while anybody subscribes, as a live list's. */
export interface LiveAccess extends Pick<LiveList, "refresh" | "isIdle"> {
	/** The answers now; the same object until something changes. */
	getSnapshot(): AccessSnapshot;
	/** Calls back at once and at each change. @returns how to stop that */
	subscribe(listener: (snapshot: AccessSnapshot) => void): () => void;
}

/** What is known before anything has come, and on a server that renders. */
export const unknownAccess: AccessSnapshot = {
	...conditionOf("connecting"),
	answers: [],
	synced: false,
};

/** @param open opens the streams of the questions */
export function createLiveAccess(
	open: OpenStream<AccessMessage>,
	context: ClientContext,
): LiveAccess {
	const listeners = new Set<(snapshot: AccessSnapshot) => void>();
	const state = createAccessState();
	let snapshot = unknownAccess;
	let linger: Timer | undefined;
	let leaver: AbortController | undefined;
	let letGo = () => {};

	const onCondition = (condition: LiveCondition) => {
		const { answers, wasSynced: synced } = state;
		const isSame =
			snapshot.status === condition.status &&
			snapshot.error === condition.error &&
			snapshot.answers === answers &&
			snapshot.synced === synced;
		if (isSame) return;
		snapshot = { ...condition, answers, synced };
		tellAll(listeners, snapshot);
	};
	const run = async (own: AbortController) => {
		const steps = follow({
			...context,
			open,
			state,
			signal: own.signal,
			// The end of a stream that was left comes after the beginning of the next one.
			onCondition: (next) => leaver === own && onCondition(next),
		});
		for await (const _ of steps);
	};
	const stop = () => {
		linger?.cancel();
		linger = undefined;
		letGo();
		leaver?.abort();
		leaver = undefined;
	};
	const close = () => {
		stop();
		onCondition(conditionOf("closed"));
	};
	const start = () => {
		linger?.cancel();
		linger = undefined;
		if (leaver !== undefined) return;
		const own = new AbortController();
		leaver = own;
		letGo = onAbort(context.signal, close);
		run(own).catch((reason) => {
			if (leaver === own) onCondition(conditionOf("failed", ConnectError.from(reason)));
		});
	};

	return {
		get isIdle() {
			return listeners.size === 0 && leaver === undefined;
		},
		getSnapshot: () => snapshot,
		subscribe(listener) {
			// A new function for each subscription: one listener may subscribe twice.
			const own = (next: AccessSnapshot) => listener(next);
			if (context.signal.aborted) onCondition(conditionOf("closed"));
			else start();
			listeners.add(own);
			tell(own, snapshot);
			return () => {
				listeners.delete(own);
				if (listeners.size === 0 && leaver !== undefined) {
					linger ??= context.environment.clock.setTimer(context.lingerMs, close);
				}
			};
		},
		refresh() {
			if (snapshot.status !== "failed") return;
			stop();
			if (listeners.size > 0) start();
		},
	};
}
