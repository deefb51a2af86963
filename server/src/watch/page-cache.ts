import type { ApiObject } from "../resource/object.ts";
import { type Filter, filterText, isSameFilter } from "./filter.ts";

/**
 * One page of a snapshot. Frozen where all who ask for it share it: this holds for the newest
 * snapshot alone, because there are as many older ones as versions.
 */
export interface ListPage<T extends ApiObject> {
	readonly objects: readonly T[];
	/** Empty: this was the last page. */
	readonly nextPageToken: string;
	/** The snapshot's version. */
	readonly resourceVersion: string;
}

/** Identifies a page of a snapshot. */
export interface PageKey {
	/** Positions of the snapshot, as text; may rise while the snapshot stays the same: by bookmarks. */
	readonly version: string;
	/** Index of its first object in the snapshot, before the filter. */
	readonly from: number;
	readonly pageSize: number;
	readonly filter: Filter;
}

/**
 * Keeps pages of the newest snapshot: all who ask for one are given the same, which is encoded
 * once. Callers choose the keys, so there is a bound in bytes: the least recently used page is
 * dropped first. Pages hold references; the bytes of the objects are not theirs.
 */
export interface PageCache<T extends ApiObject> {
	/** Returns the page of this very snapshot; undefined: it is not here. */
	find(snapshot: readonly T[], key: PageKey): ListPage<T> | undefined;
	/** Keeps a page, and drops those of other snapshots. */
	keep(snapshot: readonly T[], key: PageKey, page: ListPage<T>): void;
	/** Drops all pages: there is a newer snapshot. */
	clear(): void;
}

/** Bytes that a page takes besides its references and texts. */
const pageOverheadBytes = 512;

/** Bytes of a reference in an array. */
const referenceBytes = 8;

/** @param maxBytes default: 4 MiB, as much as the references of half a million VMs */
export function createPageCache<T extends ApiObject>(
	maxBytes: number = 4 * 1_024 * 1_024,
): PageCache<T> {
	/** The most recently used one is last. */
	const pages = new Map<string, { readonly page: ListPage<T>; readonly bytes: number }>();
	let of: readonly T[] | undefined;
	let bytes = 0;
	/** The page that was asked for last; most ask for the same one, and no text of a key is made for it. */
	let last: (PageKey & { readonly page: ListPage<T> }) | undefined;

	const clear = () => {
		pages.clear();
		of = undefined;
		last = undefined;
		bytes = 0;
	};
	const forget = (text: string) => {
		bytes -= pages.get(text)?.bytes ?? 0;
		pages.delete(text);
	};
	return {
		find(snapshot, key) {
			if (snapshot !== of) return undefined;
			if (last !== undefined && isSameKey(last, key)) return last.page;
			const text = textOf(key);
			const found = pages.get(text);
			if (found === undefined) return undefined;
			pages.delete(text);
			pages.set(text, found);
			last = { ...key, page: found.page };
			return found.page;
		},
		keep(snapshot, key, page) {
			if (snapshot !== of) clear();
			of = snapshot;
			const text = textOf(key);
			const pageBytes = bytesOf(page, text);
			forget(text);
			if (pageBytes > maxBytes) return;
			for (const oldest of pages.keys()) {
				if (bytes + pageBytes <= maxBytes) break;
				forget(oldest);
			}
			pages.set(text, { page, bytes: pageBytes });
			bytes += pageBytes;
			last = { ...key, page };
		},
		clear,
	};
}

function isSameKey(one: PageKey, other: PageKey): boolean {
	return (
		one.version === other.version &&
		one.from === other.from &&
		one.pageSize === other.pageSize &&
		isSameFilter(one.filter, other.filter)
	);
}

function textOf({ version, from, pageSize, filter }: PageKey): string {
	return `${from} ${pageSize} ${version} ${filterText(filter)}`;
}

/** Counts the text of the filter twice: it may be in the key, and in the page that was asked for last. */
function bytesOf<T extends ApiObject>(
	{ objects, nextPageToken }: ListPage<T>,
	text: string,
): number {
	const units = 2 * text.length + nextPageToken.length;
	return pageOverheadBytes + referenceBytes * objects.length + 2 * units;
}
