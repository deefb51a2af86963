import { WukongEvent_Type as Type } from "../gen/novasphere/v1/wukong_service_pb.js";
import { leavable } from "./leavable-stream.ts";
import { type FeedContext, openQuery } from "./live/feed.ts";
import { follow } from "./live/follow.ts";
import type { WatchQuery } from "./live/query.ts";
import { conditionOf, type LiveCondition, type LiveStatus } from "./live/status.ts";
import { type Change, createWatchState } from "./live/watch-state.ts";
import { tell } from "./tell.ts";

/** A difference, or SYNCED: what came so far is complete, at the start and after each resume. */
export type WatchEvent = Change | { readonly type: "SYNCED" };

/** How to watch. */
export interface WatchOptions {
	/** Ends the loop, without an error. */
	readonly signal?: AbortSignal | undefined;
	/** Additional headers of each request. Default: none. */
	readonly headers?: HeadersInit | undefined;
	/** Told each time that `condition` changes. */
	readonly onCondition?: (condition: LiveCondition) => void;
}

/** A watch that survives its connections. Its loop may run once. */
export interface Watch extends AsyncIterable<WatchEvent> {
	/** How far what it told can be trusted; see `condition` for the reason. */
	readonly status: LiveStatus;
	readonly condition: LiveCondition;
	/** Ends it, on the server too, and its loop without an error. */
	close(): Promise<void>;
	/** The same: `await using watch = client.watch()`, compiled where the engine does not have it. */
	[Symbol.asyncDispose](): Promise<void>;
}

/** Where an engine lacks the symbol, what bundlers make of `await using` looks for this one. */
const asyncDispose: typeof Symbol.asyncDispose =
	Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * Watches: differences, one by one, in order and never twice, through lost connections, restarts
 * and expired places. Nothing is asked before its loop begins.
 */
export function createWatch(context: FeedContext, query: WatchQuery, options: WatchOptions): Watch {
	let condition = conditionOf("connecting");
	async function* events(signal: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
		const steps = follow({
			...context,
			open: context.wrap(openQuery(context, query, options.headers), query).open,
			state: createWatchState(),
			signal,
			onCondition(next) {
				condition = next;
				tell(options.onCondition, next);
			},
		});
		for await (const { event, changes } of steps) {
			yield* changes;
			if (event.type === Type.SYNCED) yield { type: "SYNCED" };
		}
	}
	const told = leavable([context.signal, options.signal], events);
	const close = async () => {
		await told.return();
	};

	return {
		get status() {
			return condition.status;
		},
		get condition() {
			return condition;
		},
		[Symbol.asyncIterator]: () => told,
		close,
		[asyncDispose]: close,
	};
}
