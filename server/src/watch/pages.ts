import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Caller } from "../caller.ts";
import { isFailure } from "../failure.ts";
import { formatVersion } from "../resource/version.ts";
import type { Store } from "../store/store.ts";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, filterText, shows } from "./filter.ts";
import type { PageCache, PageKey } from "./page-cache.ts";
import { formatPageToken, type PageStart, pageTokenExpired, parsePageToken } from "./page-token.ts";
import { isKnown } from "./resume.ts";
import { indexAfter } from "./state.ts";
import type { VersionWait } from "./wait-until-fresh.ts";

/** A page ends here at the latest, in bytes of binary form: gRPC clients refuse 4 MiB. */
export const maxPageBytes = 3 * 1024 * 1024;

/** What to list. */
export interface ListQuery {
	readonly filter: Filter;
	/** At most so many; 0: no limit but bytes. */
	readonly pageSize: number;
	/** From the page before; empty: the first page. */
	readonly pageToken: string;
	/** Counts on the first page only. */
	readonly minResourceVersion: string;
	readonly caller: Caller;
}

/**
 * One page of a snapshot. Frozen where it is shared by all who ask for it: only of the newest
 * snapshot, since those of older ones are as many as there are versions.
 */
export interface ListPage {
	readonly wukongs: Wukong[];
	/** Empty: this was the last page. */
	readonly nextPageToken: string;
	/** The snapshot's version. */
	readonly resourceVersion: string;
}

/** What pages are made from. */
export interface PageParts {
	readonly log: ChangeLog;
	readonly store: Pick<Store, "exactVersions">;
	readonly versions: VersionWait;
	readonly cache: PageCache;
}

/**
 * Answers one page, at once where it needs not be waited for.
 * @throws PAGE_TOKEN_INVALID, PAGE_TOKEN_EXPIRED, VERSION_NOT_REACHED, INVALID_REQUEST
 */
export function listPage(query: ListQuery, parts: PageParts): ListPage | Promise<ListPage> {
	if (query.pageToken !== "") return laterPage(query, parts);
	const { minResourceVersion, caller } = query;
	if (parts.versions.missing(minResourceVersion) === undefined) return firstPage(query, parts);
	return parts.versions.reach(minResourceVersion, caller).then(() => firstPage(query, parts));
}

function firstPage({ filter, pageSize }: ListQuery, parts: PageParts): ListPage {
	return newestPage({ version: parts.log.head, from: 0, pageSize, filter }, parts);
}

async function laterPage(query: ListQuery, parts: PageParts): Promise<ListPage> {
	const { log, store, versions } = parts;
	const start = parsePageToken(query.pageToken, filterText(query.filter));
	await reachSnapshot(start, query, versions);
	const { version } = start;
	const gone = version > log.head || version < log.history.base || log.history.isInGap(version);
	if (gone || (store.exactVersions && !isKnown(version, log))) throw pageTokenExpired();
	const { filter, pageSize } = query;
	if (log.isNewest(version)) {
		const from = indexAfter(log.state.snapshot(), start.after);
		return newestPage({ version, from, pageSize, filter }, parts);
	}
	return cut(log, log.objectsAt(version, start.after), { version, pageSize, filter });
}

/** A page of the newest snapshot: the same one for all who ask for it while that is the newest. */
function newestPage(key: PageKey, { log, cache }: PageParts): ListPage {
	const snapshot = log.state.snapshot();
	let page = cache.find(snapshot, key);
	if (page === undefined) {
		const objects = key.from === 0 ? snapshot : snapshot.slice(key.from);
		page = Object.freeze(cut(log, objects, key));
		cache.keep(snapshot, key, page);
	}
	return page;
}

/** The token may be of a replica that is ahead of this one. */
async function reachSnapshot(start: PageStart, query: ListQuery, versions: VersionWait) {
	try {
		await versions.reach(formatVersion(start.version), query.caller);
	} catch (error) {
		if (!isFailure(error, ErrorReason.VERSION_NOT_REACHED)) throw error;
		throw pageTokenExpired();
	}
}

/** Takes a page from the front of `objects`. */
function cut(
	{ sizeBytes }: ChangeLog,
	objects: Iterable<Wukong>,
	{ version, pageSize, filter }: Omit<PageKey, "from">,
): ListPage {
	const wukongs: Wukong[] = [];
	let bytes = 0;
	let nextPageToken = "";
	for (const wukong of objects) {
		if (!shows(filter, wukong)) continue;
		const last = wukongs.at(-1);
		const wukongBytes = sizeBytes(wukong);
		const full = wukongs.length === pageSize && pageSize > 0;
		if (last !== undefined && (full || bytes + wukongBytes > maxPageBytes)) {
			nextPageToken = formatPageToken({ version, after: last }, filterText(filter));
			break;
		}
		wukongs.push(wukong);
		bytes += wukongBytes;
	}
	return { wukongs, nextPageToken, resourceVersion: formatVersion(version) };
}
