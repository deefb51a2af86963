import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { AssetMount } from "../port/assets.ts";

/** File of the build, at the same place seen from `src` and from `dist`. */
const file = new URL("../../assets/client.js", import.meta.url);

/**
 * Creates the mount of the web client as one module, for pages without a bundler: `import` it from
 * `/client.js`. Undefined where the server was not built.
 */
export function createClientPage(): AssetMount | undefined {
	if (!existsSync(file)) return undefined;
	const body = readFileSync(file);
	const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
	const headers = [
		...["content-type", "text/javascript; charset=utf-8"],
		...["cache-control", "no-cache", "etag", etag],
	];
	return { path: "/client.js", asset: { respond: () => ({ status: 200, headers, body }) } };
}
