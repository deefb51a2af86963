import type { Caller } from "../caller.ts";
import { ErrorReason, isFailure } from "../failure.ts";
import type { ApiObject } from "../resource/object.ts";
import { formatVersion } from "../resource/version.ts";
import type { ChangeFeed } from "../store/store.ts";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, filterText, shows } from "./filter.ts";
import type { ListPage, PageCache, PageKey } from "./page-cache.ts";
import { formatPageToken, type PageStart, pageTokenExpired, parsePageToken } from "./page-token.ts";
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
	return newestPage({ version: parts.log.head, from: 0, pageSize, filter }, parts);
}

async function laterPage<T extends ApiObject, E>(
	query: ListQuery,
	parts: PageParts<T, E>,
): Promise<ListPage<T>> {
	const { log, feed, versions } = parts;
	const start = parsePageToken(query.pageToken, filterText(query.filter));
	await reachSnapshot(start, query, versions);
	const { version } = start;
	const gone = version > log.head || version < log.history.base || log.history.isInGap(version);
	if (gone || (feed.exactVersions && !log.knows(version))) throw pageTokenExpired();
	const { filter, pageSize } = query;
	if (log.isNewest(version)) {
		const from = indexAfter(log.state.snapshot(), start.after);
		return newestPage({ version, from, pageSize, filter }, parts);
	}
	return cut(log, log.objectsAt(version, start.after), { version, pageSize, filter });
}

/** Returns a page of the newest snapshot: the same one for all who ask for it. */
function newestPage<T extends ApiObject, E>(
	key: PageKey,
	{ log, cache }: PageParts<T, E>,
): ListPage<T> {
	const snapshot = log.state.snapshot();
	let page = cache.find(snapshot, key);
	if (page === undefined) {
		const objects = key.from === 0 ? snapshot : snapshot.slice(key.from);
		page = Object.freeze(cut(log, objects, key));
		cache.keep(snapshot, key, page);
	}
	return page;
}

/** Waits for the version of a token: it may come from a replica that is ahead of this one. */
async function reachSnapshot(start: PageStart, query: ListQuery, versions: VersionWait) {
	try {
		await versions.reach(formatVersion(start.version), query.caller);
	} catch (error) {
		if (!isFailure(error, ErrorReason.VERSION_NOT_REACHED)) throw error;
		throw pageTokenExpired();
	}
}

/** Takes a page from the front of `candidates`, in list order. */
function cut<T extends ApiObject, E>(
	log: ChangeLog<T, E>,
	candidates: Iterable<T>,
	{ version, pageSize, filter }: Omit<PageKey, "from">,
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
			nextPageToken = formatPageToken({ version, after: last }, filterText(filter));
			break;
		}
		objects.push(object);
		bytes += objectBytes;
	}
	return { objects, nextPageToken, resourceVersion: formatVersion(version) };
}
