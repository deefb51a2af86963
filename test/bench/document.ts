import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../../docs/performance.md", import.meta.url);
const begin = "<!-- npm run bench -- --write: begin -->\n";
const end = "<!-- npm run bench -- --write: end -->";

/** Puts the newest report between its marks in docs/performance.md. */
export function writeDocument(report: string): void {
	const text = readFileSync(path, "utf8");
	const [before, rest] = text.split(begin);
	const after = rest?.split(end)[1];
	if (before === undefined || after === undefined) {
		throw new Error("docs/performance.md has no marks to write between");
	}
	writeFileSync(path, `${before}${begin}\n${report}\n\n${end}${after}`);
}
