import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { Failure, isFailure } from "../failure.ts";
import { formatVersion } from "../resource/version.ts";
import { compareRefs } from "../resource/wukong-ref.ts";
import type { Source } from "../store/source.ts";
import type { Caller } from "./caller.ts";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, filterText, isSameFilter, shows } from "./filter.ts";
import { sizeBytes } from "./message-size.ts";
import { formatPageToken, type PageStart, parsePageToken } from "./page-token.ts";
import { isKnown } from "./resume.ts";
import { indexOf } from "./state.ts";
import type { VersionWait } from "./version-wait.ts";

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

/** One page of a snapshot; shared by all who ask for it, so it never changes. */
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
	readonly source: Pick<Source, "exactVersions">;
	readonly versions: VersionWait;
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

function firstPage(query: ListQuery, { log }: PageParts): ListPage {
	const snapshot = log.state.snapshot();
	const { filter, pageSize } = query;
	const version = log.head;
	const last = lastFirst.get(snapshot);
	const isSame = last?.version === version && last.pageSize === pageSize;
	if (isSame && isSameFilter(last.filter, filter)) return last.page;
	const page = cut(snapshot, 0, { query, queryText: filterText(filter), version });
	lastFirst.set(snapshot, { version, filter, pageSize, page });
	return page;
}

/** The first page that was asked for last: most ask for the same, and it is found without making a key. */
const lastFirst = new WeakMap<readonly Wukong[], FirstPage>();

interface FirstPage {
	/** Moves on without the snapshot where the store says that nothing has changed. */
	readonly version: bigint;
	readonly filter: Filter;
	readonly pageSize: number;
	readonly page: ListPage;
}

async function laterPage(query: ListQuery, parts: PageParts): Promise<ListPage> {
	const { log, source, versions } = parts;
	const queryText = filterText(query.filter);
	const start = parsePageToken(query.pageToken, queryText);
	await reachSnapshot(start, query, versions);
	const { version } = start;
	const gone = version > log.head || version < log.history.base || log.history.isInGap(version);
	if (gone || (source.exactVersions && !isKnown(version, log))) throw pageTokenExpired();
	const snapshot = log.snapshotAt(version);
	const found = indexOf(snapshot, start.after);
	const last = snapshot[found];
	const from = last !== undefined && compareRefs(last, start.after) === 0 ? found + 1 : found;
	return cut(snapshot, from, { query, queryText, version });
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

/** Most pages that are kept of one snapshot. */
const maxKeptPages = 64;

const keptPages = new WeakMap<readonly Wukong[], Map<string, ListPage>>();

/** The page from `from` on: the same one for all who ask for it while the snapshot is the newest. */
function cut(snapshot: readonly Wukong[], from: number, page: PageQuery): ListPage {
	const pages = keptPages.get(snapshot) ?? new Map<string, ListPage>();
	keptPages.set(snapshot, pages);
	const key = `${from} ${page.query.pageSize} ${page.version} ${page.queryText}`;
	let kept = pages.get(key);
	if (kept === undefined) {
		kept = Object.freeze(cutAnew(snapshot, from, page));
		if (pages.size >= maxKeptPages) pages.clear();
		pages.set(key, kept);
	}
	return kept;
}

interface PageQuery {
	readonly query: ListQuery;
	readonly queryText: string;
	readonly version: bigint;
}

function cutAnew(snapshot: readonly Wukong[], from: number, page: PageQuery): ListPage {
	const { query, queryText, version } = page;
	const wukongs: Wukong[] = [];
	let bytes = 0;
	let nextPageToken = "";
	for (let index = from; index < snapshot.length; index++) {
		const wukong = snapshot[index];
		if (wukong === undefined || !shows(query.filter, wukong)) continue;
		const last = wukongs.at(-1);
		const wukongBytes = sizeBytes(wukong);
		const full = wukongs.length === query.pageSize && query.pageSize > 0;
		if (last !== undefined && (full || bytes + wukongBytes > maxPageBytes)) {
			nextPageToken = formatPageToken({ version, after: last }, queryText);
			break;
		}
		wukongs.push(wukong);
		bytes += wukongBytes;
	}
	return { wukongs, nextPageToken, resourceVersion: formatVersion(version) };
}

function pageTokenExpired(): Failure {
	return new Failure(
		ErrorReason.PAGE_TOKEN_EXPIRED,
		"the snapshot of this page_token is gone; start the list over",
	);
}
