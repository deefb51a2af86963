// Generated code is checked in, so that a clone needs no generator to read or run it. This
// generates it anew beside and compares: a contract changed without its code, and code
// changed by hand, are both caught.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./source-files.ts";

const out = mkdtempSync(join(tmpdir(), "wukong-gen-"));

/** What each command makes, and where it is checked in. */
const targets = [
	{ folder: "gen/src", command: generate("buf.gen.yaml") },
	{ folder: "web-client/gen", command: generate("buf.gen.pages.yaml") },
	{
		folder: "gen/openapi",
		command: ["node", "scripts/write-openapi.ts", join(out, "gen/openapi")],
	},
];

try {
	for (const { folder, command } of targets) {
		const [program = "", ...args] = command;
		execFileSync(program, args, { cwd: root, stdio: "inherit" });
		const fresh = tree(join(out, folder));
		const present = tree(join(root, folder));
		const differing = [...new Set([...fresh.keys(), ...present.keys()])]
			.filter((file) => fresh.get(file) !== present.get(file))
			.sort();
		for (const file of differing)
			console.error(`${folder}/${file}: not what \`npm run gen\` makes`);
		console.log(`generated: ${folder}: ${fresh.size} files, ${differing.length} differ`);
		if (fresh.size === 0 || differing.length > 0) process.exitCode = 1;
	}
} finally {
	rmSync(out, { recursive: true });
}

function generate(template: string): string[] {
	return ["buf", "generate", "--template", template, "-o", out];
}

function tree(folder: string): Map<string, string> {
	const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
	return new Map(
		entries
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.parentPath, entry.name))
			.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
	);
}
