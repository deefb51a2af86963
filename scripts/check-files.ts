// Holds the size of files. One concept per file keeps a file short; a long one is a question
// (over 300 lines) and then a fault (over 400), tests included, generated code excluded.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, sourceFiles } from "./source-files.ts";

const questionLines = 300;
const maxLines = 400;

const files = sourceFiles("*.ts", "*.js", "*.mjs").filter(
	(file) => !/^(?:web-client\/)?gen\//.test(file),
);
let faults = 0;
for (const file of files) {
	const lines = readFileSync(join(root, file), "utf8").split("\n").length - 1;
	if (lines > maxLines) {
		console.error(`${file}: ${lines} lines, at most ${maxLines}`);
		faults++;
	} else if (lines > questionLines) {
		console.warn(`${file}: ${lines} lines: is this one concept?`);
	}
}
console.log(`sizes: ${files.length} files, ${faults} over ${maxLines} lines`);
if (files.length === 0 || faults > 0) process.exitCode = 1;
