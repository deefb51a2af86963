import { ErrorReason } from "@novasphere/wukong-gen/error";
import { Failure } from "../failure.ts";
import type { ChangeLog } from "./change-log.ts";
import { type Filter, filterText } from "./filter.ts";
import { createView, type View } from "./view.ts";

/** The views that somebody looks through, one for each filter. */
export interface Views {
	/**
	 * The view of this filter; to be given back with `leave`.
	 * @throws TOO_MANY_REQUESTS where the filters of all views would take too many bytes
	 */
	enter(filter: Filter): View;
	leave(view: View): void;
}

/** What a view takes besides its filter's texts, in bytes. */
const viewOverheadBytes = 1_024;

/**
 * @param maxFilterBytes bytes that the filters of open views may take together: a caller may name
 * thousands of labels for each stream. Default: 64 MiB
 */
export function createViews(log: ChangeLog, maxFilterBytes: number = 64 * 1_024 * 1_024): Views {
	const open = new Map<string, { readonly view: View; readonly bytes: number; readers: number }>();
	let filterBytes = 0;

	return {
		enter(filter) {
			const text = filterText(filter);
			const known = open.get(text);
			if (known !== undefined) {
				known.readers++;
				return known.view;
			}
			// The text is the key, too.
			const bytes = viewOverheadBytes + text.length + filter.selector.bytes;
			if (filterBytes + bytes > maxFilterBytes) throw tooManyFilters();
			filterBytes += bytes;
			const view = createView(log, filter);
			open.set(text, { view, bytes, readers: 1 });
			return view;
		},
		leave(view) {
			const text = filterText(view.filter);
			const known = open.get(text);
			if (known === undefined || --known.readers > 0) return;
			open.delete(text);
			filterBytes -= known.bytes;
			view.close();
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
