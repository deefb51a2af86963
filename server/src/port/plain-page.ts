import type { Exchange } from "../http/exchange.ts";
import type { HeaderFields } from "../http/fields.ts";

/** Answer of a page. */
export interface PageAnswer {
	readonly status: number;
	readonly contentType: string;
	readonly body: string;
}

/** A plain resource beside the procedures, for GET and HEAD, as in `/livez`. */
export interface PlainPage {
	/** Exact path, without query. */
	readonly path: string;
	answer(): PageAnswer | Promise<PageAnswer>;
}

/** Answers with a page; never cached. */
export async function writePage(
	exchange: Exchange,
	page: PlainPage,
	common: HeaderFields,
): Promise<void> {
	const answer = await page.answer();
	const body = Buffer.from(answer.body);
	exchange.writeHead({
		status: answer.status,
		headers: [
			...common,
			"cache-control",
			"no-store",
			"content-type",
			answer.contentType,
			"content-length",
			String(body.byteLength),
			"x-content-type-options",
			"nosniff",
		],
	});
	if (exchange.method !== "HEAD") exchange.write(body);
	exchange.end();
}
