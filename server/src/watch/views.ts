import { ErrorReason, Failure } from "../failure.ts";
import type { ApiObject } from "../resource/object.ts";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, filterText } from "./filter.ts";
import { ScopeIndex, scopeBytes } from "./scope-index.ts";
import { View, type ViewReader } from "./view.ts";

/**
 * The views that somebody looks through, one for each filter. A change is looked at only by the
 * views whose scope holds its object, and wakes only the readers of those that show it.
 */
export interface Views<T extends ApiObject, E> {
	/** Number of open views. */
	readonly size: number;
	/**
	 * Opens the view of this filter; to be given back with `leave`.
	 * @throws TOO_MANY_REQUESTS where the filters of all views would take too many bytes
	 */
	enter(filter: Filter): View<T, E>;
	/** @param reader taken out of the view; undefined: it was never in */
	leave(view: View<T, E>, reader?: ViewReader): void;
}

interface OpenView<T extends ApiObject, E> {
	readonly view: View<T, E>;
	readonly bytes: number;
	/** Number of streams that have it; those that are opening are no readers of the view yet. */
	streams: number;
}

/** Bytes that a view takes besides its filter's texts. */
const viewOverheadBytes = 1_024;

/**
 * @param maxFilterBytes bytes that the filters of open views may take together: a caller may name
 * thousands of labels for each stream. Default: 64 MiB
 */
export function createViews<T extends ApiObject, E>(
	log: ChangeLog<T, E>,
	maxFilterBytes: number = 64 * 1_024 * 1_024,
): Views<T, E> {
	const open = new Map<string, OpenView<T, E>>();
	const index = new ScopeIndex<View<T, E>>();
	/** Views whose readers are to be woken once the batch of changes is complete. */
	const changed = new Set<View<T, E>>();
	/** Views that keep a slice. */
	const keeping = new Set<View<T, E>>();
	const onKept = (view: View<T, E>) => void keeping.add(view);
	let filterBytes = 0;
	let { epoch } = log;

	log.onChange(({ change, sequence }, places) => {
		index.forEach(change.object, (view) => {
			if (!view.sees(change)) return;
			view.add({ sequence, places });
			changed.add(view);
		});
	});
	log.onNews(() => {
		for (const view of keeping) view.forget();
		keeping.clear();
		if (log.epoch !== epoch) {
			epoch = log.epoch;
			changed.clear();
			for (const { view } of open.values()) view.restart();
			return;
		}
		for (const view of changed) view.wake();
		changed.clear();
	});

	return {
		get size() {
			return open.size;
		},
		enter(filter) {
			const text = filterText(filter);
			const known = open.get(text);
			if (known !== undefined) {
				known.streams++;
				return known.view;
			}
			// The text is the key, too.
			const bytes = viewOverheadBytes + text.length + filter.selector.bytes + scopeBytes(filter);
			if (filterBytes + bytes > maxFilterBytes) throw tooManyFilters();
			filterBytes += bytes;
			const view = new View(log, filter, onKept);
			open.set(text, { view, bytes, streams: 1 });
			index.add(filter, view);
			return view;
		},
		leave(view, reader) {
			if (reader !== undefined) view.readers.delete(reader);
			const text = filterText(view.filter);
			const known = open.get(text);
			if (known?.view !== view || --known.streams > 0) return;
			open.delete(text);
			filterBytes -= known.bytes;
			index.delete(view.filter, view);
			changed.delete(view);
			keeping.delete(view);
		},
	};
}

function tooManyFilters(): Failure {
	return new Failure(
		ErrorReason.TOO_MANY_REQUESTS,
		"the selectors of all open watch streams are too large together",
		{ retryAfterMs: 1_000 },
	);
}
