import type { ConnectError } from "@connectrpc/connect";
import type { Response } from "../protocol.ts";
import type { ErrorDescription } from "./error-body.ts";
import { retryFields } from "./rest-response.ts";

/** Creates the short page that a browser gets of an error. */
export function createErrorPage(
	{ rawMessage }: ConnectError,
	{ reason, httpStatus, retryAfterMs, basePath }: ErrorDescription & { readonly basePath: string },
): Response {
	const body = createPage(reason, [
		`<h1>${escapeHtml(reason)}</h1>`,
		`<p>${escapeHtml(rawMessage)}</p>`,
		`<p><a href="${escapeHtml(basePath)}/">What there is</a></p>`,
	]);
	const headers = [...pageHeaders, ...retryFields(retryAfterMs)];
	return { status: httpStatus, headers, body: Buffer.from(body) };
}

/** Header fields of a page that runs and loads nothing. */
export const pageHeaders: readonly string[] = [
	...["content-type", "text/html; charset=utf-8"],
	...["content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"],
];

/** Creates a page of HTML. */
export function createPage(title: string, parts: readonly string[]): string {
	const head = `<meta charset="utf-8"><title>${escapeHtml(title)}</title>`;
	return `<!doctype html>\n<html lang="en">\n<head>${head}</head>\n<body>\n${parts.join("\n")}\n</body>\n</html>\n`;
}

/** Escapes a text for HTML, in attributes too. */
export function escapeHtml(text: string): string {
	return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
