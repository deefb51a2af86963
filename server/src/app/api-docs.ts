import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Asset, AssetMount } from "../port/assets.ts";

/** Folder of the viewer's files, at the same place seen from `src` and from `dist`. */
const viewer = new URL("../../assets/docs/", import.meta.url);

/** The only files that are served of it, with their types. */
const viewerFiles: Readonly<Record<string, string>> = {
	"swagger-ui.css": "text/css; charset=utf-8",
	"swagger-ui-bundle.js": "text/javascript; charset=utf-8",
	LICENSE: "text/plain; charset=utf-8",
	NOTICE: "text/plain; charset=utf-8",
};

/** Nothing comes from elsewhere, nothing is inline; the viewer draws its icons from data URLs. */
const policy = [
	...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"],
	...["connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"],
].join("; ");

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wukong API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({
	url: "openapi.json",
	dom_id: "#docs",
	deepLinking: true,
	docExpansion: "list",
	defaultModelsExpandDepth: 0,
	validatorUrl: null,
});
`;

/**
 * Creates the description of the API for programs at `/openapi.json` (OpenAPI 3.1) and for people at
 * `/docs`. The latter is left out where the server was not built.
 * @param basePath prefix of every path, as callers see it
 */
export function createApiDocs(basePath: string): AssetMount[] {
	const description = readDescription(basePath);
	const mounts: AssetMount[] = [
		{
			path: "/openapi.json",
			asset: createFixed(description, "application/json"),
		},
	];
	if (!existsSync(viewer)) return mounts;
	const files = new Map<string, Asset>([
		["start.js", createFixed(Buffer.from(start), "text/javascript; charset=utf-8")],
	]);
	for (const [name, type] of Object.entries(viewerFiles)) {
		files.set(name, createFixed(readFileSync(new URL(name, viewer)), type));
	}
	const html = createFixed(Buffer.from(page), "text/html; charset=utf-8", [
		...["content-security-policy", policy, "referrer-policy", "no-referrer"],
	]);
	return [
		...mounts,
		{ path: "/docs", asset: html },
		{ prefix: "/docs/", find: (rest) => files.get(rest) },
	];
}

/** Reads the description; a prefix that callers need is added to its server. */
function readDescription(basePath: string): Buffer {
	const file = fileURLToPath(import.meta.resolve("@novasphere/wukong-gen/openapi.json"));
	if (basePath === "") return readFileSync(file);
	const description = JSON.parse(readFileSync(file, "utf8"));
	return Buffer.from(JSON.stringify({ ...description, servers: [{ url: basePath }] }));
}

/** Creates an asset whose bytes never change while this process lives. */
function createFixed(body: Buffer, type: string, more: readonly string[] = []): Asset {
	const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
	const headers = ["content-type", type, "cache-control", "no-cache", "etag", etag, ...more];
	return { respond: () => ({ status: 200, headers, body }) };
}
