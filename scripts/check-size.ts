// Holds the weight of the web client in a page: bundled and minified as a bundler does, then
// gzipped as a server does. The README shows the same figures; `--write` puts them there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { root } from "./source-files.ts";

/** What a page with a live list and calls uses. */
const page = `
	import { createWukongClient } from "./web-client/src/client.ts";
	globalThis.client = createWukongClient();
`;

/**
 * Leaves out what is not the client's own; and what is loaded later, by pages over cleartext alone,
 * which counts in the whole.
 */
const ownOnly: Plugin = {
	name: "own-only",
	setup({ onResolve }) {
		onResolve({ filter: /^@|\/gen\/|\/sharing/ }, () => ({ path: "p", external: true }));
	},
};

/** Chunks as a bundler makes them: what is loaded later is one of its own. */
async function bundle(plugins: Plugin[]): Promise<string[]> {
	const { outputFiles } = await build({
		stdin: { contents: page, loader: "ts", resolveDir: root },
		outdir: root,
		bundle: true,
		splitting: true,
		minify: true,
		format: "esm",
		target: "es2024",
		plugins,
		write: false,
	});
	return outputFiles.map(({ text }) => text);
}

function weigh(chunks: readonly string[]): number {
	const sizes = chunks.map((chunk) => gzipSync(chunk, { level: 9 }).byteLength);
	return sizes.reduce((sum, size) => sum + size, 0);
}

// The imports of what is left out stand in no bundle.
const own = (await bundle([ownOnly])).map((text) => text.replace(/import\{[^}]*\}from"p";/g, ""));

/** Limits in bytes after gzip. */
const figures = [
	{ name: "own code", bytes: weigh(own), maxBytes: 6.8 * 1024 },
	{ name: "everything in a page", bytes: weigh(await bundle([])), maxBytes: 48.5 * 1024 },
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
