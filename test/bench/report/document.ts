import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { BenchCase } from "../cases/case.ts";
import { drawCharts } from "./charts.ts";
import {
	formatRuns,
	type KeptResult,
	mergeResults,
	readKeptResults,
	writeKeptResults,
} from "./kept-results.ts";
import { formatScoreboard, formatSeconds } from "./scoreboard.ts";
import { targets } from "./targets.ts";
import { formatVerdicts, judge } from "./verdict.ts";

const page = new URL("../../../docs/performance.md", import.meta.url);
const chartFolder = new URL("../../../docs/performance/", import.meta.url);
const resultFile = new URL("results.ndjson", chartFolder);
const begin = "<!-- npm run bench -- --write: begin -->\n";
const end = "<!-- npm run bench -- --write: end -->";

/**
 * Puts new results between the marks in docs/performance.md, with charts. Cases that this run did not
 * measure stay as they were: their results are kept beside the charts.
 */
export function writeDocument(newest: readonly KeptResult[], cases: readonly BenchCase[]): void {
	const text = readFileSync(page, "utf8");
	const [before, rest] = text.split(begin);
	const after = rest?.split(end)[1];
	if (before === undefined || after === undefined) {
		throw new Error("docs/performance.md has no marks to write between");
	}
	mkdirSync(chartFolder, { recursive: true });
	const results = mergeResults(readKeptResults(resultFile, cases), newest, cases);
	writeKeptResults(resultFile, results);
	const charts = drawCharts(results);
	const written = [
		formatRuns(results),
		`### Targets\n\n${formatVerdicts(judge(targets, results))}`,
		...charts.map(({ file, title }) => `![${title}](performance/${file})`),
		formatScoreboard(results),
		formatSeconds(results),
	].join("\n\n");
	writeFileSync(page, `${before}${begin}\n${written}\n\n${end}${after}`);
	for (const { file, svg } of charts) writeFileSync(new URL(file, chartFolder), svg);
	const drawn = new Set(charts.map(({ file }) => file));
	for (const file of readdirSync(chartFolder)) {
		if (file.endsWith(".svg") && !drawn.has(file)) rmSync(new URL(file, chartFolder));
	}
}
