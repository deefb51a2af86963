import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
