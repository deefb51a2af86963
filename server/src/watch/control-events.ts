import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import type { Clock } from "../clock.ts";
import { startOver } from "../resource/version.ts";
import type { Freshness } from "../store/store.ts";

/** The messages that belong to one stream alone: they carry no VM. */
export interface StreamMarks {
	synced(token: string): WukongEvent;
	heartbeat(token: string): WukongEvent;
	reset(): WukongEvent;
}

export function createStreamMarks(clock: Clock, freshness: () => Freshness): StreamMarks {
	const current = (type: EventType, token: string) => {
		const { lagMs, staleSinceMs } = freshness();
		const event = create(WukongEventSchema, {
			type,
			resourceVersion: token,
			time: timestampFromMs(clock.nowMs()),
			// A monotonic clock has fractions, a Duration has whole nanoseconds.
			upstreamLag: durationFromMs(Math.round(lagMs)),
		});
		if (staleSinceMs !== undefined) event.staleSince = timestampFromMs(staleSinceMs);
		return event;
	};
	return {
		synced: (token) => current(EventType.SYNCED, token),
		heartbeat: (token) => current(EventType.HEARTBEAT, token),
		reset: () =>
			create(WukongEventSchema, {
				type: EventType.RESET,
				resourceVersion: startOver,
				time: timestampFromMs(clock.nowMs()),
			}),
	};
}
