import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Chart } from "./charts.ts";

const page = new URL("../../../docs/performance.md", import.meta.url);
const chartFolder = new URL("../../../docs/performance/", import.meta.url);
const begin = "<!-- npm run bench -- --write: begin -->\n";
const end = "<!-- npm run bench -- --write: end -->";

/** Puts the newest report, with its charts, between its marks in docs/performance.md. */
export function writeDocument(report: {
	readonly facts: string;
	readonly verdicts: string;
	readonly charts: readonly Chart[];
	readonly tables: string;
}): void {
	const { facts, verdicts, charts, tables } = report;
	const text = readFileSync(page, "utf8");
	const [before, rest] = text.split(begin);
	const after = rest?.split(end)[1];
	if (before === undefined || after === undefined) {
		throw new Error("docs/performance.md has no marks to write between");
	}
	const images = charts.map(({ file, title }) => `![${title}](performance/${file})`);
	const written = [facts, verdicts, ...images, tables].join("\n\n");
	writeFileSync(page, `${before}${begin}\n${written}\n\n${end}${after}`);
	mkdirSync(chartFolder, { recursive: true });
	for (const { file, svg } of charts) writeFileSync(new URL(file, chartFolder), svg);
}
