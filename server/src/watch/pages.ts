import type { Caller } from "../caller.ts";
import { ErrorReason, isFailure } from "../failure.ts";
import type { ApiObject } from "../resource/object.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, queryText, shows, suffixOf } from "./filter.ts";
import type { ListPage, PageCache, PageKey } from "./page-cache.ts";
import {
	formatPageToken,
	type PageQuery,
	type PageStart,
	pageTokenExpired,
	parsePageToken,
} from "./page-token.ts";
import type { Places } from "./places.ts";
import { indexAfter } from "./state.ts";
import type { VersionWait } from "./wait-until-fresh.ts";

/** Most bytes of a page in binary form: gRPC clients refuse 4 MiB. */
export const maxPageBytes = 3 * 1024 * 1024;

/** What to list. */
export interface ListQuery {
	readonly filter: Filter;
	/** Largest number of objects; 0: no limit but bytes. */
	readonly pageSize: number;
	/** Token of the page before; empty: the first page. */
	readonly pageToken: string;
	/** Counts on the first page only. */
	readonly minResourceVersion: string;
	readonly caller: Caller;
}

/** What a page is made from. */
export interface PageParts<T extends ApiObject, E> {
	readonly log: ChangeLog<T, E>;
	readonly feed: Pick<ChangeFeed<T>, "exactVersions">;
	readonly versions: VersionWait;
	readonly cache: PageCache<T>;
}

/**
 * Returns one page, at once where no version has to be waited for.
 * @throws PAGE_TOKEN_INVALID, PAGE_TOKEN_EXPIRED, VERSION_NOT_REACHED, INVALID_REQUEST
 */
export function listPage<T extends ApiObject, E>(
	query: ListQuery,
	parts: PageParts<T, E>,
): ListPage<T> | Promise<ListPage<T>> {
	if (query.pageToken !== "") return laterPage(query, parts);
	const { minResourceVersion, caller } = query;
	if (parts.versions.missing(minResourceVersion) === undefined) return firstPage(query, parts);
	return parts.versions.reach(minResourceVersion, caller).then(() => firstPage(query, parts));
}

function firstPage<T extends ApiObject, E>(
	{ filter, pageSize }: ListQuery,
	parts: PageParts<T, E>,
): ListPage<T> {
	return newestPage({ places: parts.log.places, from: 0, pageSize, filter }, parts);
}

async function laterPage<T extends ApiObject, E>(
	query: ListQuery,
	parts: PageParts<T, E>,
): Promise<ListPage<T>> {
	const { log, feed, versions } = parts;
	const kinds = log.places.positions.length;
	const start = parsePageToken(query.pageToken, pageQueryOf(query.filter), kinds);
	await reachSnapshot(start, query, versions);
	const { places } = start;
	// Waiting may have seen a load, with other kinds.
	const isOtherMode = log.places.positions.length !== kinds;
	const gone = isOtherMode || places.kindAhead(log.places) !== undefined;
	if (gone || log.history.hasLost(places)) throw pageTokenExpired();
	const isExact = feed.exactVersions && kinds === 1;
	if (isExact && !log.knows(places.positions[0] ?? 0n)) throw pageTokenExpired();
	const { filter, pageSize } = query;
	if (log.isNewest(places)) {
		const from = indexAfter(log.state.snapshot(), start.after);
		return newestPage({ places, from, pageSize, filter }, parts);
	}
	const objects = log.objectsAt(places, start.after);
	if (objects === undefined) throw pageTokenExpired();
	return cut(log, objects, { places, pageSize, filter });
}

/** Returns a page of the newest snapshot: the same one for all who ask for it. */
function newestPage<T extends ApiObject, E>(
	at: PageAt & { readonly from: number },
	{ log, cache }: PageParts<T, E>,
): ListPage<T> {
	const { places, ...rest } = at;
	const key: PageKey = { ...rest, version: places.positionsText };
	const snapshot = log.state.snapshot();
	let page = cache.find(snapshot, key);
	if (page === undefined) {
		const objects = key.from === 0 ? snapshot : snapshot.slice(key.from);
		page = Object.freeze(cut(log, objects, at));
		cache.keep(snapshot, key, page);
	} else if (page.nextPageToken !== "") log.pin(places);
	return page;
}

/** A page is cut from what was there at some places. */
interface PageAt extends Omit<PageKey, "version" | "from"> {
	readonly places: Places;
}

/** Waits for the version of a token: it may come from a replica that is ahead of this one. */
async function reachSnapshot(start: PageStart, query: ListQuery, versions: VersionWait) {
	try {
		await versions.reach(start.places.positionsText, query.caller);
	} catch (error) {
		if (!isFailure(error, ErrorReason.VERSION_NOT_REACHED)) throw error;
		throw pageTokenExpired();
	}
}

/** Takes a page from the front of `candidates`, in list order. */
function cut<T extends ApiObject, E>(
	log: ChangeLog<T, E>,
	candidates: Iterable<T>,
	{ places, pageSize, filter }: PageAt,
): ListPage<T> {
	const objects: T[] = [];
	let bytes = 0;
	let nextPageToken = "";
	for (const object of candidates) {
		if (!shows(filter, object)) continue;
		const last = objects.at(-1);
		const objectBytes = log.sizeBytes(object);
		const full = objects.length === pageSize && pageSize > 0;
		if (last !== undefined && (full || bytes + objectBytes > maxPageBytes)) {
			nextPageToken = formatPageToken({ places, after: last }, pageQueryOf(filter));
			log.pin(places);
			break;
		}
		objects.push(object);
		bytes += objectBytes;
	}
	return { objects, nextPageToken, resourceVersion: places.positionsText + suffixOf(filter) };
}

function pageQueryOf(filter: Filter): PageQuery {
	return { text: queryText(filter), suffix: suffixOf(filter) };
}
