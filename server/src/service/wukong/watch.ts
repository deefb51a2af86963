import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { WatchWukongRequest, WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { invalidRequest } from "../../failure.ts";
import { createSelector } from "../../watch/selector/selector.ts";
import type { WatchStream } from "../../watch/watch-stream.ts";
import { callerOf, type ServiceContext } from "./service-context.ts";

/**
 * Creates the method WatchWukong: returns the replica's stream itself, which is a
 * `BatchedStream` by its shape. A name without a namespace means the default namespace.
 */
export function createWatch({
	replica,
	defaultNamespace,
	heartbeatIntervalMs,
}: ServiceContext): (
	request: WatchWukongRequest,
	context: HandlerContext,
) => WatchStream<WukongEvent> {
	return ({ namespace, name, ...request }, context) =>
		replica.watch({
			filter: {
				namespace: name === "" ? namespace : namespace || defaultNamespace,
				name,
				selector: createSelector(request.labels, request.labelSelector),
			},
			resourceVersion: request.resourceVersion,
			minResourceVersion: request.minResourceVersion,
			heartbeatIntervalMs: requestedIntervalMs(request.heartbeatInterval) ?? heartbeatIntervalMs,
			caller: callerOf(context),
		});
}

/**
 * Reads the heartbeat interval.
 * @throws INVALID_REQUEST for more nanoseconds than a second has: binary requests can hold that, JSON cannot
 */
function requestedIntervalMs(interval: Duration | undefined): number | undefined {
	if (interval === undefined) return undefined;
	if (interval.nanos >= 0 && interval.nanos < 1e9) return durationMs(interval);
	throw invalidRequest({
		field: "heartbeat_interval",
		description: "must have from 0 to 999,999,999 nanoseconds",
	});
}
