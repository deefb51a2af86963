import type { FieldViolation } from "../../../failure.ts";

/** One parameter of a query, decoded. */
export interface QueryParameter {
	readonly name: string;
	readonly value: string;
	/** False: there is no `=`. */
	readonly hasValue: boolean;
}

/**
 * Parses a query as HTML forms write it (URL standard, "application/x-www-form-urlencoded"), but
 * strictly: a malformed encoding, or one that is not of UTF-8, is no character of its own.
 * @param query without its question mark
 */
export function parseQuery(query: string): QueryParameter[] | FieldViolation {
	const parameters: QueryParameter[] = [];
	if (query === "") return parameters;
	for (const part of query.split("&")) {
		if (part === "") continue;
		const at = part.indexOf("=");
		const name = decode(at === -1 ? part : part.slice(0, at));
		if (name === undefined || name === "") {
			return { field: "", description: "has a query parameter whose name is malformed" };
		}
		const value = at === -1 ? "" : decode(part.slice(at + 1));
		if (value === undefined) {
			return { field: quotable(name), description: "is not UTF-8 that is percent-encoded" };
		}
		parameters.push({ name, value, hasValue: at !== -1 });
	}
	return parameters;
}

/** Longest name that is quoted, and its characters: it is the sender's text. */
const quotableName = /^[\w.[\]/-]{1,64}$/;

/** Returns a name of the sender's as an error may have it. */
export function quotable(name: string): string {
	return quotableName.test(name) ? name : "?";
}

function decode(text: string): string | undefined {
	const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
	if (!spaced.includes("%")) return spaced.isWellFormed() && isAscii(spaced) ? spaced : undefined;
	if (!isAscii(spaced)) return undefined;
	try {
		return decodeURIComponent(spaced);
	} catch {
		return undefined;
	}
}

/** HTTP gives bytes as Latin-1: those of raw UTF-8 would be taken for other characters. */
function isAscii(text: string): boolean {
	for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7e) return false;
	return true;
}
