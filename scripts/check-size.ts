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

/** Limits in bytes after gzip. */
const figures = [
	{ name: "own code", isWhole: false, maxBytes: 7 * 1024 },
	{ name: "everything in a page", isWhole: true, maxBytes: 48 * 1024 },
];

/**
 * Leaves out what is not the client's own, and the length of its names, which no bundle has; and what
 * is loaded later, by pages over cleartext alone, which counts in the whole.
 */
const ownOnly: Plugin = {
	name: "own-only",
	setup({ onResolve }) {
		onResolve({ filter: /^@|\/gen\/|\/sharing/ }, () => ({ path: "p", external: true }));
	},
};

async function weigh(isWhole: boolean): Promise<number> {
	const { outputFiles } = await build({
		stdin: { contents: page, loader: "ts", resolveDir: root },
		bundle: true,
		minify: true,
		format: "esm",
		target: "es2024",
		plugins: isWhole ? [] : [ownOnly],
		write: false,
	});
	return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).byteLength;
}

const words: string[] = [];
for (const { name, isWhole, maxBytes } of figures) {
	const bytes = await weigh(isWhole);
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
