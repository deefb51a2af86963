/** A media type, as in `application/json; charset="utf-8"`. */
export interface MediaType {
	/** Type and subtype in lower case, as in `application/json`. */
	readonly essence: string;
	/** Parameters by name in lower case; values without their quotes. */
	readonly parameters: ReadonlyMap<string, string>;
}

/** Token: a name or an unquoted value (RFC 9110, 5.6.2). */
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const essencePattern = new RegExp(`^[\\t ]*(${token}/${token})`);
/** Semicolon and an optional parameter behind it (RFC 9110, 5.6.6). */
const parameterPattern = new RegExp(
	`[\\t ]*;[\\t ]*(?:(${token})=(?:(${token})|"((?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*)"))?`,
	"y",
);

/**
 * Parses a media type (RFC 9110, 8.3.1).
 *
 * @returns undefined where it is malformed, or has a parameter twice (RFC 6838, 4.3)
 */
export function parseMediaType(text: string): MediaType | undefined {
	const essence = essencePattern.exec(text);
	if (essence === null) return undefined;
	const parameters = new Map<string, string>();
	const pattern = new RegExp(parameterPattern);
	pattern.lastIndex = essence[0].length;
	let end = pattern.lastIndex;
	for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
		end = pattern.lastIndex;
		const [, name, bare, quoted = ""] = found;
		if (name === undefined) continue;
		if (parameters.has(name.toLowerCase())) return undefined;
		parameters.set(name.toLowerCase(), bare ?? quoted.replaceAll(/\\(.)/g, "$1"));
	}
	if (/[^\t ]/.test(text.slice(end))) return undefined;
	return { essence: (essence[1] as string).toLowerCase(), parameters };
}
