import type { JsonValue } from "@bufbuild/protobuf";

/** Nesting that is looked into: no message has more, and the stack holds it. */
const maxDepth = 250;

/**
 * Whether surely no object in a JSON text has a key twice, of which `JSON.parse` keeps the last.
 * Each member has a colon, so a lost one leaves more of them in the text than are accounted for by
 * members and strings. False, too, where the text has `\u`, which may hide a colon, or goes deeper
 * than any message: then only a reader of the text can tell.
 *
 * @param json what `JSON.parse` made of the text
 */
export function hasKeysOnce(text: string, json: JsonValue): boolean {
	return !text.includes("\\u") && colonsOf(json, 0) === colonsIn(text);
}

/** Colons of members and in strings; not a number where nesting is too deep. */
function colonsOf(json: JsonValue, depth: number): number {
	if (typeof json === "string") return colonsIn(json);
	if (typeof json !== "object" || json === null) return 0;
	if (depth > maxDepth) return Number.NaN;
	let count = 0;
	if (Array.isArray(json)) {
		for (const item of json) count += colonsOf(item, depth + 1);
		return count;
	}
	// Not over `Object.keys`: loading by its names would cost as much as all else here.
	for (const key in json) {
		count += 1 + colonsIn(key) + colonsOf(json[key] as JsonValue, depth + 1);
	}
	return count;
}

function colonsIn(text: string): number {
	let count = 0;
	for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) count++;
	return count;
}
