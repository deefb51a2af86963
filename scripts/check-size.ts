// Holds the weight of the web client in a page, as Vite bundles and minifies it, gzipped as a server
// does: what a page with a live list loads of the client's own code, what it loads later and only where
// it uses it, and everything, with the packages below and what is loaded later. The README shows the same figures; `--write`
// puts them there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BuildEnvironmentOptions, build, type Plugin, type Rolldown } from "vite";
import { root } from "./source-files.ts";

/** What a page with a live list and calls uses. */
const page = `
	import { createWukongClient } from "./web-client/src/index.ts";
	globalThis.client = createWukongClient();
	client.liveList().subscribe((list) => (globalThis.list = list));
`;
const entry = join(root, "page.ts");
const pagePlugin: Plugin = {
	name: "page",
	resolveId: (id) => (id === entry ? entry : undefined),
	load: (id) => (id === entry ? page : undefined),
};

async function bundle(
	how: BuildEnvironmentOptions,
	external: RegExp[],
): Promise<Rolldown.OutputChunk[]> {
	const built = await build({
		root,
		configFile: false,
		logLevel: "silent",
		plugins: [pagePlugin],
		build: {
			...how,
			write: false,
			minify: true,
			target: "es2024",
			modulePreload: false,
			rolldownOptions: { input: entry, external },
		},
	});
	const { output } = (Array.isArray(built) ? built[0] : built) as Rolldown.RolldownOutput;
	return output.filter((file) => file.type === "chunk");
}

function weigh(chunks: readonly Rolldown.OutputChunk[]): number {
	const sizes = chunks.map(({ code }) => {
		// The imports of what is left out stand in no page.
		const own = code.replace(/import\s*\{[^}]*\}\s*from\s*"[^"]*(@|\/gen\/)[^"]*";?/g, "");
		return gzipSync(own, { level: 9 }).byteLength;
	});
	return sizes.reduce((sum, size) => sum + size, 0);
}

// Vite's helper that loads a part later is not the client's own; a build for servers has none.
const own = await bundle({ ssr: true }, [/^@/, /\/gen\//]);
const [first, ...later] = own;
if (first?.isEntry !== true || later.some(({ isEntry }) => isEntry)) throw new Error("one entry");
if (first.imports.some((file) => later.some(({ fileName }) => fileName === file)))
	throw new Error("a page loads more than one file of its own at once");

/** Limits in bytes after gzip. */
const figures = [
	{ name: "own code", bytes: weigh([first]), maxBytes: 6 * 1024 },
	{ name: "parts that are loaded on demand", bytes: weigh(later), maxBytes: 4.5 * 1024 },
	{ name: "everything in a page", bytes: weigh(await bundle({}, [])), maxBytes: 47 * 1024 },
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
const pattern = new RegExp(figures.map(({ name }) => `${name} [\\d.]+ kB`).join(",\\s"));
const shown = words.join(", ");
const found = pattern.exec(text)?.[0].replaceAll("\n", " ");
if (found === shown) {
	// It says so.
} else if (process.argv.includes("--write")) {
	writeFileSync(readme, text.replace(pattern, shown));
} else {
	console.error(`README.md does not say "${shown}": node scripts/check-size.ts --write`);
	process.exitCode = 1;
}
