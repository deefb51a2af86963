import { hostProblem } from "./hosts.ts";
import { type Parse, parseWords } from "./option.ts";

/** Web origins as browsers send them (RFC 6454): scheme, host and port, nothing else. */
export const parseOrigins: Parse<readonly string[]> = (text) => {
	const parsed = parseWords(text);
	if ("problem" in parsed) return parsed;
	for (const entry of parsed.value) {
		const problem = originProblem(entry);
		if (problem !== undefined) {
			return {
				problem: `has ${JSON.stringify(entry)}: ${problem}; an origin is as https://app.example.com`,
			};
		}
	}
	return parsed;
};

/** What is wrong with an origin: as it stands, no browser could send it. */
function originProblem(text: string): string | undefined {
	const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
	if (url === null) return "this is no http or https URL";
	if (url.origin !== text) return `browsers send ${url.origin}`;
	// Of a page whose host was typed with its final dot, browsers send the dot.
	const host = url.hostname.replace(/\.$/, "");
	return hostProblem(host);
}
