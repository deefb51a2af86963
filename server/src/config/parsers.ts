/** A parsed value, or the problem of the text. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** Parses the text of one option. A problem ends the sentence "--flag ...". */
export type Parse<T> = (text: string) => Parsed<T>;

/** Parses any text but the empty one. */
export const parseText: Parse<string> = (text) =>
	text === "" ? { problem: "must not be empty" } : { value: text };

/** Parses a switch of the environment. */
export const parseSwitch: Parse<boolean> = (text) => {
	if (text === "true" || text === "1") return { value: true };
	if (text === "false" || text === "0") return { value: false };
	return { problem: "must be true or false" };
};

/** Parses words separated by commas, at least one. */
export const parseWords: Parse<readonly string[]> = (text) => {
	const value = text
		.split(",")
		.map((word) => word.trim())
		.filter((word) => word !== "");
	return value.length === 0 ? { problem: "must not be empty" } : { value };
};

/** Creates the parser of a whole number within limits, both included. */
export function wholeNumber(min: number, max: number): Parse<number> {
	return (text) => {
		const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
		if (value >= min && value <= max) return { value };
		return { problem: `must be a whole number from ${min} to ${max}` };
	};
}

/** Creates the parser of one of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): Parse<W> {
	return (text) => {
		const value = words.find((word) => word === text);
		return value === undefined ? { problem: `must be one of ${words.join(", ")}` } : { value };
	};
}

/** Parses the name of a namespace. */
export const parseDnsLabel: Parse<string> = (text) =>
	/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)
		? { value: text }
		: { problem: "must be a DNS label: at most 63 of a-z, 0-9 and -, no - at the ends" };

/** Parses a prefix of paths: segments without what would have to be encoded, and no slash at its end. */
export const parseBasePath: Parse<string> = (text) => {
	const isPath = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){1,16}$/.test(text) && text.length <= 256;
	if (isPath) return { value: text };
	return { problem: "must be a path as in /wukong: letters, digits and ._~-, no slash at its end" };
};

/**
 * Parses a file path or `:memory:`; other texts that begin with a colon are taken for a typing
 * error.
 */
export const parseDataPath: Parse<string> = (text) => {
	if (text.startsWith(":") && text !== ":memory:") {
		return {
			problem: "must be a file or :memory:; a file whose name begins with a colon is written ./:",
		};
	}
	if (text.endsWith("/")) return { problem: "must be a file, not a folder" };
	return parseText(text);
};

/** Parses names of header fields (RFC 9110, 5.1): tokens. */
export const parseHeaderNames: Parse<readonly string[]> = (text) => {
	const parsed = parseWords(text);
	if ("problem" in parsed) return parsed;
	const wrong = parsed.value.filter((name) => !isHeaderName(name));
	if (wrong.length === 0) return parsed;
	return {
		problem: `must hold names of header fields as in x-tenant, and no *; not ${wrong.join(", ")}`,
	};
};

/** Checks whether a text is a name. `*` is a token too, but in CORS it stands for every name. */
function isHeaderName(text: string): boolean {
	return text !== "*" && /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(text);
}

/** Parses the URL of an OpenID Connect issuer (OpenID Connect Core 1.0, 2): https, without query and fragment. */
export const parseIssuer: Parse<string> = (text) => {
	const url = URL.parse(text);
	const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url?.hostname ?? "");
	const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback);
	if (url === null || !isSafe || /[?#@\s]/.test(text)) {
		return { problem: "must be an https URL without query, as in https://login.example.com" };
	}
	return { value: text };
};

/** Parses what names begin with; `-` stands for nothing. */
export const parsePrefix: Parse<string> = (text) => {
	if (text === "-") return { value: "" };
	if (/^system:/i.test(text)) return { problem: "must not be system:, which is Kubernetes' own" };
	if (/^[A-Za-z0-9._/-]{0,62}[:#/]$/.test(text)) return { value: text };
	return { problem: "must be - or end in a colon, as in oidc:, with at most 63 characters" };
};
