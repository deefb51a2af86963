import type { Clock } from "../../clock.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamError } from "./upstream-error.ts";
import { readWatchEvents, type WatchEvent } from "./watch-events.ts";

export interface WatchSession {
	readonly fromVersion: bigint;
	/** When the API server shall end it, in milliseconds. */
	readonly timeoutMs: number;
	/** When it is cut, counted from its start, in milliseconds. */
	readonly cutAfterMs: number;
	readonly maxLineBytes: number;
	readonly signal: AbortSignal;
	/** Leaves when it aborts, as `onEvent` does. Default: never. */
	readonly leave?: AbortSignal;
	/** The API server has begun to answer. */
	readonly onOpen: () => void;
	/** @returns true to leave. */
	readonly onEvent: (event: WatchEvent) => boolean | undefined;
}

/**
 * Follows one watch until the API server ends it, or it is left.
 * @throws UpstreamError; "lost" for one that outlives its time: a connection that died without
 * a word is told by nothing else
 */
export async function followWatch(
	upstream: Upstream,
	clock: Clock,
	session: WatchSession,
): Promise<void> {
	const { fromVersion, timeoutMs, signal, leave = new AbortController().signal } = session;
	const cut = new AbortController();
	const timer = clock.setTimer(session.cutAfterMs, () =>
		cut.abort(new UpstreamError({ kind: "lost" }, "the watch outlived its time: it is stalled")),
	);
	const ended = AbortSignal.any([signal, cut.signal, leave]);
	try {
		const chunks = await upstream.watch({ fromVersion, timeoutMs, signal: ended });
		session.onOpen();
		for await (const event of readWatchEvents(chunks, session.maxLineBytes)) {
			ended.throwIfAborted();
			if (session.onEvent(event) === true) return;
		}
	} catch (error) {
		if (leave.aborted) return;
		ended.throwIfAborted();
		throw error;
	} finally {
		timer.cancel();
		// Whoever leaves early leaves no request behind.
		cut.abort();
	}
}
