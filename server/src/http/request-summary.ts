import { type Exchange, headerOf } from "./exchange.ts";

/** What a request asked for, in its own words, for the log. */
export interface RequestSummary {
	/** Path, without the query: that may hold what is nobody's business. */
	readonly path: string;
	/** undefined: it names none. */
	readonly host: string | undefined;
	/** Of the page that sent it; undefined: none. */
	readonly origin: string | undefined;
}

/** Longest text of a peer that gets into a line of the log, in characters. */
const maxLength = 256;

/** What a request asked for: cut, and nothing in it but printable ASCII. */
export function summarizeRequest(exchange: Exchange): RequestSummary {
	return {
		path: cleaned(exchange.target.split("?", 1)[0] ?? ""),
		host: optional(exchange.authorities[0]),
		origin: optional(headerOf(exchange, "origin")),
	};
}

function optional(text: string | undefined): string | undefined {
	return text === undefined ? undefined : cleaned(text);
}

function cleaned(text: string): string {
	const cut = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
	return cut.replaceAll(/[^ -~]/g, "?");
}
