import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/source-files.ts";

const manifests = ["", "gen", "server", "web-client"];

/** Every pinned dependency of this repository's packages, as "name@version". */
function pinned(): string[] {
	const all = manifests.flatMap((folder) => {
		const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
		return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
	});
	return [...new Set(all.map(([name, version]) => `${name}@${version}`))]
		.filter((dependency) => !dependency.startsWith("@novasphere/"))
		.sort();
}

test("the page of dependencies has each one, at its version, and no other", () => {
	const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
	const rows = [...page.matchAll(/^\| `([^`]+)` +\| ([^ ]+) +\|/gm)];
	expect(rows.map(([, name, version]) => `${name}@${version}`).sort()).toEqual(pinned());
});

test("every version is exact", () => {
	for (const dependency of pinned()) expect(dependency).toMatch(/@\d+\.\d+\.\d+$/);
});
