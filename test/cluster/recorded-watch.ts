import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import type { WukongClient } from "../../web-client/src/client.ts";
import { until } from "../support/until.ts";
import { createWatchClient, type WatchClient } from "../support/watch-client.ts";
import { filterOf } from "../support/watching.ts";

/** One stream, written down and held to its promises. */
export interface RecordedWatch {
	/** All messages but heartbeats. */
	readonly events: readonly WukongEvent[];
	/** What a client holds that follows it. */
	readonly watcher: WatchClient;
	/** Waits until the stream has come so far. @throws where it breaks a promise, or ends */
	until(what: string, condition: () => boolean): Promise<void>;
	/** Leaves. */
	close(): Promise<void>;
}

/** What to watch. */
export interface RecordedQuery {
	readonly namespace: string;
	readonly labelSelector?: string;
	/** Goes on where this one is. Default: starts anew. */
	readonly watcher?: WatchClient;
	/** The cluster is restored: after RESET, versions may be lower than before. Default: false. */
	readonly restored?: boolean;
}

/** Opens a stream. */
export function recordWatch(client: WukongClient, query: RecordedQuery): RecordedWatch {
	const { namespace, labelSelector = "", restored = false } = query;
	const createWatcher = () => createWatchClient(filterOf({ namespace, labelSelector }));
	let watcher = query.watcher ?? createWatcher();
	const events: WukongEvent[] = [];
	const leaver = new AbortController();
	let failure: unknown;

	watcher.connect();
	const request = { namespace, labelSelector, resourceVersion: watcher.token };
	const read = async () => {
		for await (const event of client.rpc.watchWukong(request, { signal: leaver.signal })) {
			if (restored && event.type === EventType.RESET) {
				watcher = createWatcher();
				watcher.connect();
			}
			watcher.receive(event);
			if (event.type !== EventType.HEARTBEAT) events.push(event);
		}
	};
	const reading = read().catch((error) => {
		failure = error;
	});

	return {
		events,
		get watcher() {
			return watcher;
		},
		until: (what, condition) =>
			until(what, () => {
				if (failure !== undefined) throw failure;
				return condition();
			}),
		async close() {
			leaver.abort();
			await reading;
		},
	};
}
