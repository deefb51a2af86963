/**
 * A query of TanStack Query (v5, any framework) whose cache a live list keeps current.
 *
 * @module
 */
import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import type { WukongClient } from "../client.ts";
import type { WatchQuery } from "../live/query.ts";

/** What is needed of a QueryClient; any framework's is one. */
export interface QueryClientLike {
	setQueryData(key: readonly unknown[], items: readonly Wukong[]): unknown;
	invalidateQueries(filters: {
		readonly queryKey: readonly unknown[];
		readonly exact: boolean;
		readonly refetchType: "none";
	}): unknown;
	getQueryCache(): {
		find(filters: { readonly queryKey: readonly unknown[] }): object | undefined;
		subscribe(listener: (event: QueryCacheEventLike) => void): () => void;
	};
}

/** What is needed of an event of the query cache. */
export interface QueryCacheEventLike {
	readonly type: string;
	readonly query: { getObserversCount(): number };
	readonly action?: { readonly type: string };
}

/** What a query function is given. */
export interface QueryContextLike {
	readonly client: QueryClientLike;
	readonly queryKey: readonly unknown[];
}

/** Options of a query, for `useQuery`, `createQuery`, `prefetchQuery` and their kin. */
export interface WukongsQueryOptions {
	readonly queryKey: readonly ["wukongs", WatchQuery];
	readonly queryFn: (context: QueryContextLike) => Promise<readonly Wukong[]>;
	readonly staleTime: number;
	readonly structuralSharing: false;
}

/**
 * A query for a live list: it is fetched once, and then written by the stream while anybody looks
 * at it. Whoever comes back to it later gets it from where it was.
 *
 * @example
 * const { data } = useQuery(wukongsQuery(client, { namespace: "default" }));
 */
export function wukongsQuery(client: WukongClient, query: WatchQuery = {}): WukongsQueryOptions {
	return {
		queryKey: ["wukongs", query],
		// The stream says when it is no longer current.
		staleTime: Number.POSITIVE_INFINITY,
		// A VM that has not changed is the same object already.
		structuralSharing: false,
		async queryFn(context) {
			const list = client.liveList(query);
			const { items } = await list.ready();
			keepCurrent(context, (listener) => list.subscribe((next) => listener(next.items)));
			return items;
		},
	};
}

/** Writes the list into the cache until nobody looks at it, or it is fetched anew. */
function keepCurrent(
	{ client, queryKey }: QueryContextLike,
	subscribe: (listener: (items: readonly Wukong[]) => void) => () => void,
): void {
	const cache = client.getQueryCache();
	const own = cache.find({ queryKey });
	let written: readonly Wukong[] | undefined;
	const stopListening = cache.subscribe(({ type, query, action }) => {
		if (query !== own) return;
		const isFetched = type === "updated" && action?.type === "fetch";
		const isLeft = type === "observerRemoved" && query.getObserversCount() === 0;
		if (!isFetched && !isLeft && type !== "removed") return;
		stopListening();
		unsubscribe();
		// From now on it is as old as it looks: the next one to look fetches it.
		if (isLeft) client.invalidateQueries({ queryKey, exact: true, refetchType: "none" });
	});
	const unsubscribe = subscribe((items) => {
		// The first one is what the query function returns.
		if (written !== undefined && items !== written) client.setQueryData(queryKey, items);
		written = items;
	});
}
