import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { BenchCase } from "../cases/case.ts";
import type { Outcome } from "../measure.ts";
import type { CaseResult } from "../rounds.ts";

/** When and on what a run was measured. */
export interface Run {
	/** Minute of its end, as "2026-11-27 07:05 UTC". */
	readonly when: string;
	/** What `describeMachine` said of it. */
	readonly facts: string;
}

/** A case with the run that it comes from: its servers were measured beside each other in that run. */
export interface KeptResult extends CaseResult {
	readonly run: Run;
}

/** Digits that are kept of a figure: more than the page shows. */
const keptDigits = 4;

/**
 * Reads the results that the page was written from, a line of JSON for each case.
 * @param cases tell title and table; results of cases that are no more are left out
 */
export function readKeptResults(path: URL, cases: readonly BenchCase[]): KeptResult[] {
	if (!existsSync(path)) return [];
	const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
	return lines.flatMap((line) => {
		const { id, outcomes, ...kept } = JSON.parse(line);
		const known = cases.find((each) => each.id === id);
		if (known === undefined) return [];
		const { title, group } = known;
		return [{ ...kept, id, title, group, outcomes: new Map(Object.entries(outcomes)) }];
	});
}

/** Writes results so that `readKeptResults` finds them. */
export function writeKeptResults(path: URL, results: readonly KeptResult[]): void {
	const lines = results.map(({ id, seconds, run, outcomes }) => {
		const rounded = [...outcomes].map(([server, rounds]) => [server, rounds.map(round)] as const);
		return `${JSON.stringify({ id, seconds, run, outcomes: Object.fromEntries(rounded) })}\n`;
	});
	writeFileSync(path, lines.join(""));
}

/** All cases that have a result, each from the newest run that measured it, in the order of the catalogue. */
export function mergeResults(
	kept: readonly KeptResult[],
	newest: readonly KeptResult[],
	cases: readonly BenchCase[],
): KeptResult[] {
	return cases.flatMap(({ id }) => {
		const found = newest.find((each) => each.id === id) ?? kept.find((each) => each.id === id);
		return found ?? [];
	});
}

/** The facts of each run that the results come from, the newest first, and what the older ones gave. */
export function formatRuns(results: readonly KeptResult[]): string {
	const runs = new Map(results.map(({ run }) => [run.when, run]));
	const ordered = [...runs.values()].sort((a, b) => (a.when < b.when ? 1 : -1));
	return ordered
		.map(({ when, facts }, place) => {
			if (place === 0) return `- Run: ${when}\n${facts}`;
			const titles = results.filter(({ run }) => run.when === when).map(({ title }) => title);
			return `From the run of ${when} (${titles.join("; ")}):\n\n${facts}`;
		})
		.join("\n\n");
}

function round(outcome: Outcome): Outcome {
	const figures = Object.entries(outcome);
	return Object.fromEntries(figures.map(([id, x]) => [id, Number(x.toPrecision(keptDigits))]));
}
