import { useMemo, useSyncExternalStore } from "react";
import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import type { WukongClient } from "../client.ts";
import type { WatchQuery } from "../live/query.ts";
import { emptySnapshot, type LiveSnapshot } from "../live/snapshot.ts";
import { type Ref, refOf } from "../wukong.ts";
import { useWukongClient } from "./provider.ts";

/** What to show, and whose client watches it. */
export interface LiveQuery extends WatchQuery {
	/** Made once, outside of any component. Default: that of the WukongProvider above. */
	readonly client?: WukongClient;
}

/**
 * A live list. Components that ask for the same share one stream, which stays open some seconds
 * after the last one has gone. The query may be written in place: it is compared by what it says.
 *
 * @param select what of the snapshot the component shows; it renders again only when that changes
 *   (by `Object.is`). Default: all of it
 * @example
 * const { items, status } = useWukongs({ namespace: "default" });
 * const count = useWukongs({}, (list) => list.items.length);
 */
export function useWukongs(query?: LiveQuery): LiveSnapshot;
export function useWukongs<T>(query: LiveQuery, select: (snapshot: LiveSnapshot) => T): T;
export function useWukongs(
	{ client, ...query }: LiveQuery = {},
	select: (snapshot: LiveSnapshot) => unknown = asItIs,
): unknown {
	const list = useWukongClient(client).liveList(query);
	const read = useMemo(() => {
		let from: LiveSnapshot | undefined;
		let selected: unknown;
		// React asks for it again and again, and compares by identity.
		const readFrom = (snapshot: LiveSnapshot) => {
			if (snapshot !== from) selected = select(snapshot);
			from = snapshot;
			return selected;
		};
		return {
			now: () => readFrom(list.getSnapshot()),
			onServer: () => readFrom(emptySnapshot),
		};
	}, [list, select]);
	return useSyncExternalStore(list.subscribe, read.now, read.onServer);
}

function asItIs(snapshot: LiveSnapshot): LiveSnapshot {
	return snapshot;
}

/** One VM, kept current. */
export interface LiveWukong
	extends Pick<LiveSnapshot, "status" | "error" | "staleSince" | "synced"> {
	/** Undefined: not there, or not known yet, as `synced` tells. */
	readonly wukong: Wukong | undefined;
}

/**
 * One VM, with a stream of its own, or out of a list that the page shows anyway.
 *
 * @param from the query of that list. Default: none
 * @example
 * const { wukong, status } = useWukong("web-1");
 */
export function useWukong(ref: Ref, from?: LiveQuery): LiveWukong {
	const { namespace, name } = refOf(ref);
	const { items, status, error, staleSince, synced } = useWukongs(from ?? { namespace, name });
	const wukong = items.find(
		(vm) => vm.name === name && (vm.namespace === namespace || namespace === ""),
	);
	return { wukong, status, error, staleSince, synced };
}
