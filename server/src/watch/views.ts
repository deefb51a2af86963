import type { ChangeLog } from "./change-log.ts";
import { type Filter, filterText } from "./filter.ts";
import { createView, type View } from "./view.ts";

/** The views that somebody looks through, one for each filter. */
export interface Views {
	/** The view of this filter; to be given back with `leave`. */
	enter(filter: Filter): View;
	leave(view: View): void;
}

export function createViews(log: ChangeLog): Views {
	const open = new Map<string, { readonly view: View; readers: number }>();

	return {
		enter(filter) {
			const text = filterText(filter);
			const known = open.get(text);
			if (known !== undefined) {
				known.readers++;
				return known.view;
			}
			const view = createView(log, filter);
			open.set(text, { view, readers: 1 });
			return view;
		},
		leave(view) {
			const text = filterText(view.filter);
			const known = open.get(text);
			if (known === undefined || --known.readers > 0) return;
			open.delete(text);
			view.close();
		},
	};
}
