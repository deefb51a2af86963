import type { AssetMount } from "../port/assets.ts";
import { chooseMediaType } from "../rpc/protocol/rest/accept.ts";
import { createPage, escapeHtml, pageHeaders } from "../rpc/protocol/rest/error-page.ts";

const title = "Wukong virtual machines";
const about =
	"This is the API in front of Wukong virtual machines: REST, gRPC, gRPC-Web and Connect on one port.";

/** What is served beside the procedures, by path. */
const places = [
	["/api/v1/wukongs", "the VMs, as JSON"],
	["/docs", "the API, for people"],
	["/openapi.json", "the API, for programs (OpenAPI 3.1)"],
	["/readyz", "whether this replica wants calls"],
	["/metrics", "what it counts (Prometheus)"],
] as const;

/**
 * Creates the page at `/`: says what this is, as a short page for a browser and as JSON for others.
 * @param basePath prefix of every path, as callers see it
 */
export function createHomePage(basePath: string): AssetMount {
	const items = places.map(([path, what]) => {
		const target = escapeHtml(basePath + path);
		return `<li><a href="${target}">${target}</a>: ${escapeHtml(what)}</li>`;
	});
	const html = Buffer.from(
		createPage(title, [
			`<h1>${escapeHtml(title)}</h1>`,
			`<p>${escapeHtml(about)}</p>`,
			`<ul>\n${items.join("\n")}\n</ul>`,
		]),
	);
	const paths = Object.fromEntries(places.map(([path, what]) => [basePath + path, what]));
	const json = Buffer.from(`${JSON.stringify({ about, paths }, undefined, 2)}\n`);
	return {
		path: "/",
		asset: {
			respond({ accept }) {
				const isPage = chooseMediaType(accept, ["application/json", "text/html"]) === "text/html";
				return isPage
					? { status: 200, headers: [...pageHeaders, "vary", "Accept"], body: html }
					: {
							status: 200,
							headers: ["content-type", "application/json", "vary", "Accept"],
							body: json,
						};
			},
		},
	};
}
