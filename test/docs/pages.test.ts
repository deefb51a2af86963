import { existsSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import { expect, test } from "vitest";
import { withOptionsTable } from "../../scripts/options-page.ts";
import { root, sourceFiles } from "../../scripts/source-files.ts";

test("the page for operators shows the options that the service reads", () => {
	// After a wanted change: `npm run docs:options`.
	const page = readFileSync(join(root, "docs/operations.md"), "utf8");
	expect(withOptionsTable(page)).toBe(page);
});

test("the page for operators shows the metrics that the service counts", () => {
	const page = readFileSync(join(root, "docs/operations.md"), "utf8");
	const counted = sourceFiles("server/src/telemetry/*.ts").flatMap((file) =>
		[...readFileSync(join(root, file), "utf8").matchAll(/name: "(wukong_\w+)"/g)].map(
			([, name]) => name,
		),
	);
	const shown = [...page.matchAll(/^\| `(wukong_\w+)`/gm)].map(([, name]) => name);
	expect(shown.sort()).toEqual(counted.sort());
	expect(counted.length).toBeGreaterThan(5);
});

test("every link between pages leads somewhere", () => {
	const links = sourceFiles("*.md").flatMap((file) =>
		[...readFileSync(join(root, file), "utf8").matchAll(/\]\(([^)#]+)[^)]*\)/g)]
			.map(([, target = ""]) => target)
			.filter((target) => !target.includes(":"))
			.map((target) => join(dirname(file), target)),
	);
	expect(links.length).toBeGreaterThan(10);
	expect(links.filter((target) => !existsSync(join(root, target)))).toEqual([]);
});

test("every npm script that a page names exists", () => {
	const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const named = sourceFiles("*.md").flatMap((file) =>
		[...readFileSync(join(root, file), "utf8").matchAll(/npm run ([a-z:-]+)/g)].map(
			([, name]) => name,
		),
	);
	expect(named.length).toBeGreaterThan(10);
	expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([]);
});

/** A path is relative to one of these; pages of a room leave its beginning out. */
const bases = ["", "server/src", "web-client/src", "proto", "docs"];

/** Words in code that can only be paths: a known ending, or a folder that is there. */
function pathsIn(page: string, folders: ReadonlySet<string>): string[] {
	const code = [...page.matchAll(/^```(?!ts|js)[^\n]*\n([\s\S]*?)^```$|`([^`\n]+)`/gm)].map(
		([, block, span]) => block ?? span ?? "",
	);
	const words = code.flatMap((text) => text.split(/[\s"'()=,;:|<{}[\]]+/));
	return words.filter((word) => {
		if (!/^[\w*][\w./*-]*$/.test(word)) return false;
		if (/\w\.(?:ts|tsx|proto|yaml|md|mod|sum|cjs|py|svg)$/.test(word)) return true;
		return word.includes("/") && (word.endsWith("/") || folders.has(word.split("/")[0] ?? ""));
	});
}

test("every file and folder that a page names exists", () => {
	const files = sourceFiles("*");
	const within = (path: string) =>
		bases.flatMap((base) =>
			path.startsWith(base === "" ? "" : `${base}/`)
				? [path.slice(base === "" ? 0 : base.length + 1)]
				: [],
		);
	const known = new Set<string>();
	const folders = new Set<string>();
	for (const path of files.flatMap(within)) {
		const parts = path.split("/");
		// A name stands alone, too, where the text says which folder it is in.
		known.add(parts.at(-1) ?? "").add(path);
		for (let end = 1; end < parts.length; end++) {
			known.add(`${parts.slice(0, end).join("/")}/`).add(`${parts[end - 1]}/`);
		}
		if (parts.length > 1) folders.add(parts[0] ?? "");
	}
	const all = [...known];
	const exists = (path: string) => {
		if (!path.includes("*")) return known.has(path) || known.has(`${path}/`);
		return all.some((one) => matchesGlob(one, path));
	};
	const named = sourceFiles("docs/*.md", "README.md", "CONTRIBUTING.md").flatMap((page) =>
		pathsIn(readFileSync(join(root, page), "utf8"), folders).map((path) => ({ page, path })),
	);
	expect(named.length).toBeGreaterThan(100);
	expect(named.filter(({ path }) => !exists(path))).toEqual([]);
});
