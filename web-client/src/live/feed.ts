import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "@connectrpc/connect";
import type {
	WatchWukongRequestSchema,
	WukongEvent,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { HandOver } from "../authorization.ts";
import type { FollowOptions, OpenStream } from "./follow.ts";
import type { WatchQuery } from "./query.ts";
import type { WatchState } from "./watch-state.ts";

/** The call that opens a plain stream. */
export type WatchCall = (
	request: MessageInitShape<typeof WatchWukongRequestSchema>,
	options?: CallOptions,
) => AsyncIterable<WukongEvent>;

/** Opens the streams of one watch or list. */
export interface Feed {
	readonly open: OpenStream;
	/** Nobody reads it any more, for now. */
	leave(): void;
}

/** Wraps what opens streams. @param state what a list holds; absent: it is a watch */
export type WrapFeed = (open: OpenStream, query: WatchQuery, state?: WatchState) => Feed;

/** What all watches of one client have in common. */
export interface FeedContext
	extends Pick<FollowOptions, "environment" | "silenceMs" | "backoff" | "renewal" | "signal"> {
	readonly call: WatchCall;
	/** Lets streams go over to another token. Absent: there is none. */
	readonly handOver?: HandOver;
	readonly heartbeatIntervalMs: number;
	readonly wrap: WrapFeed;
}

/** Makes what opens the plain streams of one query. */
export function openQuery(
	{ call, heartbeatIntervalMs, handOver = (open) => open }: FeedContext,
	query: WatchQuery,
	headers: HeadersInit = {},
): OpenStream {
	const heartbeatInterval = durationFromMs(heartbeatIntervalMs);
	const request = { ...query, labels: { ...query.labels }, heartbeatInterval };
	return handOver((resourceVersion, signal) =>
		call({ ...request, resourceVersion }, { signal, headers }),
	);
}
