import { change, wukongNamed } from "./write.ts";

/** What a child is told to do until it is killed. */
export interface Orders {
	/** Names to write again and again, each with the last number it has; 0: it does not exist. */
	readonly put: { readonly [name: string]: number };
	/** Names to remove. */
	readonly remove: readonly string[];
}

/** One line from a child. A `try` comes before the write, a `done` after its acknowledgement. */
export interface Report {
	readonly kind: "try" | "done";
	readonly name: string;
	/** The number written; undefined: the name was removed. */
	readonly number: number | undefined;
}

/** A new Wukong that carries a number in several places, so that half a write would show. */
export function numbered(name: string, number: number) {
	const wukong = wukongNamed(name, contentOf(number).spec);
	wukong.labels = contentOf(number).labels;
	wukong.annotations = contentOf(number).annotations;
	return wukong;
}

/** The edit that writes a number. */
export function renumber(number: number) {
	return change((next) => {
		const { labels, annotations, spec } = contentOf(number);
		Object.assign(next, { labels, annotations });
		Object.assign(next.spec ?? {}, spec);
	});
}

/** All that a Wukong with this number holds. */
export function contentOf(number: number) {
	return {
		labels: { number: String(number) },
		annotations: { payload: `${number} `.repeat(500) },
		spec: { osImage: `image-${number}` },
	};
}
