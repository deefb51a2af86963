import { type Parse, parseWords } from "./option.ts";

/** Web origins as browsers send them (RFC 6454): scheme, host and port, nothing else. */
export const parseOrigins: Parse<readonly string[]> = (text) => {
	const parsed = parseWords(text);
	if ("problem" in parsed) return parsed;
	const wrong = parsed.value.filter((origin) => !isOrigin(origin));
	if (wrong.length === 0) return parsed;
	return {
		problem: `must hold origins as in https://app.example.com, without path; not ${wrong.join(", ")}`,
	};
};

function isOrigin(text: string): boolean {
	return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
