// Holds the weight of the web client in a page: bundled and minified by Vite (the client's own alone by esbuild), then
// gzipped as a server does. The README shows the same figures; `--write` puts them there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Plugin as EsbuildPlugin, build as esbuild } from "esbuild";
import { build, type Plugin, type Rolldown } from "vite";
import { root } from "./source-files.ts";

/** What a page with a live list and calls uses. */
const page = `
	import { createWukongClient } from "./web-client/src/client.ts";
	globalThis.client = createWukongClient();
`;
const entry = join(root, "page.ts");
const pagePlugin: Plugin = {
	name: "page",
	resolveId: (id) => (id === entry ? entry : undefined),
	load: (id) => (id === entry ? page : undefined),
};

/** Chunks as Vite makes them: what is loaded later is one of its own. */
async function bundleWhole(): Promise<string[]> {
	const built = await build({
		root,
		configFile: false,
		logLevel: "silent",
		plugins: [pagePlugin],
		build: {
			write: false,
			target: "es2024",
			modulePreload: false,
			rolldownOptions: { input: entry },
		},
	});
	const { output } = (Array.isArray(built) ? built[0] : built) as Rolldown.RolldownOutput;
	return output.flatMap((file) => (file.type === "chunk" ? [file.code] : []));
}

function weigh(chunks: readonly string[]): number {
	const sizes = chunks.map((chunk) => gzipSync(chunk, { level: 9 }).byteLength);
	return sizes.reduce((sum, size) => sum + size, 0);
}

/** The client's own code alone, without what is loaded later, by pages over cleartext. */
async function bundleOwn(): Promise<string> {
	const { outputFiles } = await esbuild({
		stdin: { contents: page, loader: "ts", resolveDir: root },
		bundle: true,
		minify: true,
		format: "esm",
		target: "es2024",
		plugins: [ownOnly],
		write: false,
	});
	// The imports of what is left out stand in no bundle.
	return (outputFiles[0]?.text ?? "").replace(/import\{[^}]*\}from"p";/g, "");
}

const ownOnly: EsbuildPlugin = {
	name: "own-only",
	setup({ onResolve }) {
		onResolve({ filter: /^@|\/gen\/|\/sharing/ }, () => ({ path: "p", external: true }));
	},
};

/** Limits in bytes after gzip. */
const figures = [
	{ name: "own code", bytes: weigh([await bundleOwn()]), maxBytes: 6.8 * 1024 },
	{ name: "everything in a page", bytes: weigh(await bundleWhole()), maxBytes: 46.5 * 1024 },
];

const words: string[] = [];
for (const { name, bytes, maxBytes } of figures) {
	const text = `${name} ${(bytes / 1024).toFixed(1)} kB`;
	words.push(text);
	console.log(`size: ${text} gzip (${bytes} bytes), at most ${maxBytes / 1024} kB`);
	if (bytes > maxBytes) process.exitCode = 1;
}

const readme = join(root, "README.md");
const text = readFileSync(readme, "utf8");
const pattern = /own code [\d.]+ kB, everything in a page [\d.]+ kB/;
const shown = words.join(", ");
if (process.argv.includes("--write")) writeFileSync(readme, text.replace(pattern, shown));
else if (pattern.exec(text)?.[0] !== shown) {
	console.error(`README.md does not say "${shown}": node scripts/check-size.ts --write`);
	process.exitCode = 1;
}
