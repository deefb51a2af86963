// Bundles the web client into one file, which the server offers at /client.js to pages that have no
// bundler of their own.
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./source-files.ts";

await build({
	entryPoints: [join(root, "web-client/src/index.ts")],
	outfile: join(root, "server/assets/client.js"),
	bundle: true,
	minify: true,
	format: "esm",
	target: "es2022",
	logLevel: "warning",
});
