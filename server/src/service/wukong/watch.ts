import type { HandlerContext } from "@connectrpc/connect";
import type { WatchWukongRequest, WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { createSelector } from "../../watch/selector/selector.ts";
import type { WatchStream } from "../../watch/watch-stream.ts";
import { requestedMs } from "./durations.ts";
import { callerOf, guardFor, openedNamespaces, type ServiceContext } from "./service-context.ts";

/**
 * Creates the method WatchWukong: returns the replica's stream itself, which is a
 * `BatchedStream` by its shape. A name without a namespace means the default namespace.
 */
export function createWatch(
	service: ServiceContext,
): (request: WatchWukongRequest, context: HandlerContext) => WatchStream<WukongEvent> {
	const { replica, defaultNamespace, heartbeatIntervalMs } = service;
	return ({ namespace, name, ...request }, context) =>
		replica.watch({
			filter: {
				namespace: openedNamespaces(
					context,
					name === "" ? namespace : namespace || defaultNamespace,
				),
				name,
				selector: createSelector(request.labels, request.labelSelector),
			},
			resourceVersion: request.resourceVersion,
			minResourceVersion: request.minResourceVersion,
			heartbeatIntervalMs:
				requestedMs("heartbeat_interval", request.heartbeatInterval) ?? heartbeatIntervalMs,
			caller: callerOf(context),
			guard: guardFor(service, context),
		});
}
