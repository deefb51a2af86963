import type { ApiObject } from "../resource/object.ts";
import { type Filter, filterText, isSameFilter } from "./filter.ts";

/**
 * One page of a snapshot. Frozen where it is shared by all who ask for it: only of the newest
 * snapshot, since those of older ones are as many as there are versions.
 */
export interface ListPage<T extends ApiObject> {
	readonly objects: readonly T[];
	/** Empty: this was the last page. */
	readonly nextPageToken: string;
	/** The snapshot's version. */
	readonly resourceVersion: string;
}

/** Which page of a snapshot is meant. */
export interface PageKey {
	/** Moves on without the snapshot where the store says that nothing has changed. */
	readonly version: bigint;
	/** Index of its first object in the snapshot, before the filter. */
	readonly from: number;
	readonly pageSize: number;
	readonly filter: Filter;
}

/**
 * Pages of the newest snapshot, so that all who ask for one are given the same, whose bytes are
 * made once. What callers ask for is the key, so there is a bound in bytes: the page that was not
 * asked for longest goes first. Pages hold references; the bytes of the objects are not theirs.
 */
export interface PageCache<T extends ApiObject> {
	/** The page that was cut of this very snapshot; undefined: it is not kept. */
	find(snapshot: readonly T[], key: PageKey): ListPage<T> | undefined;
	/** Keeps a page, and forgets all of other snapshots. */
	keep(snapshot: readonly T[], key: PageKey, page: ListPage<T>): void;
	/** The newest snapshot is no longer that of the pages. */
	clear(): void;
}

/** What a page takes besides its references and texts, in bytes. */
const pageOverheadBytes = 512;

/** A reference in an array, in bytes. */
const referenceBytes = 8;

/** @param maxBytes default: 4 MiB, as much as the references of half a million VMs */
export function createPageCache<T extends ApiObject>(
	maxBytes: number = 4 * 1_024 * 1_024,
): PageCache<T> {
	/** The one that was asked for last stands last. */
	const pages = new Map<string, { readonly page: ListPage<T>; readonly bytes: number }>();
	let of: readonly T[] | undefined;
	let bytes = 0;
	/** Most ask for the same page: it is found without making a text of its key. */
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

/** The filter's text may be held twice: in the key, and by the page that was asked for last. */
function bytesOf<T extends ApiObject>(
	{ objects, nextPageToken }: ListPage<T>,
	text: string,
): number {
	const units = 2 * text.length + nextPageToken.length;
	return pageOverheadBytes + referenceBytes * objects.length + 2 * units;
}
