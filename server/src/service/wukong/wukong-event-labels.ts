import type { Message } from "@bufbuild/protobuf";
import {
	WukongEvent_Type as EventType,
	type WatchWukongRequest,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import type { EventLabels } from "../../rpc/protocol/event-labels.ts";

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
