import { create, type Message } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WatchWukongRequest,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { binaryBytes } from "../../resource/object-size.ts";
import { startOver } from "../../resource/version.ts";
import type { EventLabels } from "../../rpc/protocol/event-labels.ts";
import type { EventFactory } from "../../watch/events.ts";
import type { Replica } from "../../watch/replica.ts";

/** The replica of VMs, whose streams say `WukongEvent`. */
export type WukongReplica = Replica<Wukong, WukongEvent>;

const types = {
	added: EventType.ADDED,
	modified: EventType.MODIFIED,
	deleted: EventType.DELETED,
	synced: EventType.SYNCED,
	heartbeat: EventType.HEARTBEAT,
	reset: EventType.RESET,
} as const;

/** Makes the factory of the events of VMs. The size of each state is counted once. */
export function createWukongEvents(): EventFactory<Wukong, WukongEvent> {
	const sizes = new WeakMap<Wukong, number>();
	return {
		change: (kind, wukong, { token, timeMs }) =>
			Object.freeze(
				create(WukongEventSchema, {
					type: types[kind],
					wukong,
					resourceVersion: token,
					time: timestampFromMs(timeMs),
				}),
			),
		snapshot: (wukong) =>
			Object.freeze(
				create(WukongEventSchema, { type: EventType.ADDED, wukong, resourceVersion: startOver }),
			),
		control(kind, { token, timeMs, freshness, expireTimeMs }) {
			const event = create(WukongEventSchema, {
				type: types[kind],
				resourceVersion: token,
				time: timestampFromMs(timeMs),
			});
			if (freshness === undefined) return event;
			const { lagMs, staleSinceMs } = freshness;
			// A monotonic clock has fractions, a Duration has whole nanoseconds.
			event.upstreamLag = durationFromMs(Math.round(lagMs));
			if (staleSinceMs !== undefined) event.staleSince = timestampFromMs(staleSinceMs);
			if (expireTimeMs !== undefined) event.credentialsExpireTime = timestampFromMs(expireTimeMs);
			return event;
		},
		sizeBytes(wukong) {
			let size = sizes.get(wukong);
			if (size === undefined) {
				size = binaryBytes(wukong);
				sizes.set(wukong, size);
			}
			return size;
		},
	};
}

/** Names of events by type, as in `added`. */
const names: ReadonlyMap<EventType, string> = new Map(
	Object.entries(EventType).flatMap(([name, type]) =>
		typeof type === "number" ? [[type, name.toLowerCase()]] : [],
	),
);

/** Labels of the events of a watch: the type in lower case, and the resume token as id. */
export const wukongEventLabels: EventLabels = {
	schema: WukongEventSchema,
	nameOf: (message) => names.get((message as WukongEvent).type) ?? "",
	idOf: (message) => (message as WukongEvent).resourceVersion,
	resume(request: Message, id) {
		(request as WatchWukongRequest).resourceVersion = id;
	},
};
