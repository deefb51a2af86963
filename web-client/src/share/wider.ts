import { create } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import {
	WukongEvent_Type as Type,
	type WukongEvent,
	WukongEventSchema,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { OpenStream } from "../live/follow.ts";
import type { LiveList } from "../live/live-list.ts";
import type { WatchQuery } from "../live/query.ts";
import { keyOf } from "../live/watch-state.ts";
import { createMessageQueue } from "./message-queue.ts";
import type { SharingOptions } from "./sharing-options.ts";

/** True where everything that `narrow` shows is in what `wide` shows, and labels alone tell it apart. */
export function isWider(wide: WatchQuery, narrow: WatchQuery): boolean {
	const hasSame = (field: "namespace" | "name" | "labelSelector") =>
		(wide[field] ?? "") === "" || wide[field] === narrow[field];
	return (
		hasSame("namespace") &&
		hasSame("name") &&
		// The grammar of selectors is the service's.
		(wide.labelSelector ?? "") === (narrow.labelSelector ?? "") &&
		Object.entries(wide.labels ?? {}).every(([key, value]) => narrow.labels?.[key] === value)
	);
}

/** Finds a live list that shows more than `query`. @returns a stream that is fed from it */
export function findNarrowStream(
	query: WatchQuery,
	options: SharingOptions,
): OpenStream | undefined {
	for (const [wide, list] of options.lists()) {
		const isLive = list.getSnapshot().status === "live";
		if (isLive && isWider(wide, query) && !isWider(query, wide)) {
			return createNarrowStream(list, query, options);
		}
	}
	return undefined;
}

/**
 * Feeds a list from another one that shows more, where there is no room for a stream of its own. Its
 * messages carry no place: whoever gets a stream later starts over.
 */
function createNarrowStream(
	wide: LiveList,
	query: WatchQuery,
	{ environment, heartbeatIntervalMs }: SharingOptions,
): OpenStream {
	const { name = "", labels = {} } = query;
	// As the service has it: a name without a namespace is in the default one.
	const namespace = (query.namespace ?? "") || (name === "" ? "" : "default");
	const shows = (vm: Wukong) =>
		(namespace === "" || vm.namespace === namespace) &&
		(name === "" || vm.name === name) &&
		Object.entries(labels).every(([key, value]) => vm.labels[key] === value);

	return async function* narrow(_token, signal) {
		const queue = createMessageQueue<WukongEvent>(signal);
		const say = (type: Type, wukong?: Wukong) =>
			queue.push(create(WukongEventSchema, { type, ...(wukong === undefined ? {} : { wukong }) }));
		let told: Map<string, Wukong> | undefined;
		const unsubscribe = wide.subscribe(({ items, status, error }) => {
			if (status !== "live") {
				if (error !== undefined) queue.fail(new ConnectError(error.rawMessage, error.code));
				return;
			}
			const now = new Map(items.filter(shows).map((vm) => [keyOf(vm), vm]));
			for (const [key, vm] of told ?? []) if (!now.has(key)) say(Type.DELETED, vm);
			if (told === undefined) say(Type.RESET);
			for (const [key, vm] of now) {
				const before = told?.get(key);
				if (before !== vm) say(before === undefined ? Type.ADDED : Type.MODIFIED, vm);
			}
			if (told === undefined) say(Type.SYNCED);
			told = now;
		});
		let timer = environment.clock.setTimer(heartbeatIntervalMs, function beat() {
			if (wide.getSnapshot().status === "live") say(Type.HEARTBEAT);
			timer = environment.clock.setTimer(heartbeatIntervalMs, beat);
		});
		const stop = () => {
			unsubscribe();
			timer.cancel();
		};
		signal.addEventListener("abort", stop, { once: true });
		if (signal.aborted) stop();
		try {
			yield* queue.messages;
		} finally {
			stop();
		}
	};
}
