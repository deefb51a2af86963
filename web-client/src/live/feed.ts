import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions } from "@connectrpc/connect";
import type {
	WatchWukongRequestSchema,
	WukongEvent,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { BackoffTimes } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import type { FollowOptions, OpenStream, Renewal } from "./follow.ts";
import type { WatchQuery } from "./query.ts";

/** The call that opens a plain stream. */
export type WatchCall = (
	request: MessageInitShape<typeof WatchWukongRequestSchema>,
	options?: CallOptions,
) => AsyncIterable<WukongEvent>;

/** What all watches of one client have in common. */
export interface FeedContext {
	readonly call: WatchCall;
	readonly environment: Environment;
	readonly heartbeatIntervalMs: number;
	readonly backoff: BackoffTimes;
	readonly renewal: Renewal | undefined;
	/** Wraps what opens streams. */
	readonly limit: (open: OpenStream, query: WatchQuery) => OpenStream;
	/** Aborted when the client is closed. */
	readonly signal: AbortSignal;
}

/** Silence of one and a half heartbeats means that the connection is dead. */
const silenceIntervals = 1.5;

/** @returns what `follow` needs beside a state, a signal and a listener */
export function followQuery(
	context: FeedContext,
	query: WatchQuery,
	headers: HeadersInit | undefined,
): Pick<FollowOptions, "open" | "environment" | "silenceMs" | "backoff" | "renewal"> {
	const { call, environment, heartbeatIntervalMs, backoff, renewal, limit } = context;
	const heartbeatInterval = {
		seconds: BigInt(Math.floor(heartbeatIntervalMs / 1_000)),
		nanos: (heartbeatIntervalMs % 1_000) * 1_000_000,
	};
	const { labels = {}, ...rest } = query;
	const open: OpenStream = (resourceVersion, signal) =>
		call(
			{ ...rest, labels: { ...labels }, resourceVersion, heartbeatInterval },
			{ signal, ...(headers === undefined ? {} : { headers }) },
		);
	return {
		open: limit(open, query),
		environment,
		silenceMs: heartbeatIntervalMs * silenceIntervals,
		backoff,
		renewal,
	};
}
