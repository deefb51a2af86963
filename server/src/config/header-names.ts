import { type Parse, parseWords } from "./option.ts";

/** Names of header fields (RFC 9110, 5.1): tokens. */
export const parseHeaderNames: Parse<readonly string[]> = (text) => {
	const parsed = parseWords(text);
	if ("problem" in parsed) return parsed;
	const wrong = parsed.value.filter((name) => !isHeaderName(name));
	if (wrong.length === 0) return parsed;
	return {
		problem: `must hold names of header fields as in x-tenant, and no *; not ${wrong.join(", ")}`,
	};
};

/** A star is a token, too; in an answer to a preflight it would stand for every name. */
function isHeaderName(text: string): boolean {
	return text !== "*" && /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(text);
}
