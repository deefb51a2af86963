import { createLiveList, type LiveList, type LiveListOptions } from "./live-list.ts";
import { keyOfQuery, type WatchQuery } from "./query.ts";

/** How many lists are kept that nobody subscribes to, so that they go on where they were. */
const maxIdleLists = 32;

/** The lists of one client: whoever asks for the same gets the same one, with one stream. */
export function createLists(optionsOf: (query: WatchQuery) => LiveListOptions): {
	/** Those that exist, with what they show. */
	readonly all: () => Iterable<readonly [WatchQuery, LiveList]>;
	readonly get: (query: WatchQuery) => LiveList;
} {
	const lists = new Map<string, readonly [WatchQuery, LiveList]>();

	return {
		all: () => lists.values(),
		get(query) {
			const key = keyOfQuery(query);
			const known = lists.get(key);
			if (known !== undefined) return known[1];
			for (const [other, [, kept]] of lists) {
				if (lists.size >= maxIdleLists && kept.isIdle) lists.delete(other);
			}
			const own = { ...query };
			const list = createLiveList(optionsOf(own));
			lists.set(key, [own, list]);
			return list;
		},
	};
}
