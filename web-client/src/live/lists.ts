import { createLiveList, type LiveList, type LiveListOptions } from "./live-list.ts";
import { keyOfQuery, type WatchQuery } from "./query.ts";

/** How many lists are kept that nobody subscribes to, so that they go on where they were. */
const maxIdleLists = 32;

/** The lists of one client: whoever asks for the same gets the same one, with one stream. */
export function createLists(
	optionsOf: (query: WatchQuery) => LiveListOptions,
): (query: WatchQuery) => LiveList {
	const lists = new Map<string, LiveList>();

	return (query) => {
		const key = keyOfQuery(query);
		const known = lists.get(key);
		if (known !== undefined) return known;
		const list = createLiveList(optionsOf({ ...query }));
		lists.set(key, list);
		if (lists.size > maxIdleLists) {
			for (const [other, kept] of lists) {
				if (lists.size <= maxIdleLists) break;
				if (kept.isIdle && other !== key) lists.delete(other);
			}
		}
		return list;
	};
}
