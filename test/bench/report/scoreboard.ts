import type { Group } from "../group.ts";
import type { CaseResult } from "../rounds.ts";
import { advantage, figuresOf, formatFigures, formatRatio } from "./figure.ts";
import { formatTable } from "./table.ts";

/** Servers that the others are held against. */
const bases = ["stock", "raw", "before"] as const;

/** All results in Markdown, a table for each group. Ratios over 1 are better everywhere. */
export function formatScoreboard(results: readonly CaseResult[]): string {
	const groups = [...new Set(results.map(({ group }) => group))];
	return groups
		.map((group) => {
			const members = results.filter((result) => result.group === group);
			return `### ${group.title}\n\n${formatGroup(group, members)}`;
		})
		.join("\n\n");
}

/** How long each case took, with the starts of its servers and their warm-ups. */
export function formatSeconds(results: readonly CaseResult[]): string {
	const rows = results.map(({ title, outcomes, seconds }) => [
		title,
		`${outcomes.size}`,
		`${seconds.toFixed(0)} s`,
	]);
	const wholeSeconds = results.reduce((sum, { seconds }) => sum + seconds, 0);
	const whole = ["All", "", `${(wholeSeconds / 60).toFixed(1)} min`];
	const head = ["Work", "Servers", "Time"];
	return `### What it takes to measure\n\n${formatTable({ head, rows: [...rows, whole] })}`;
}

function formatGroup({ measures }: Group, results: readonly CaseResult[]): string {
	// A base that no case of the group has would be an empty column.
	const present = bases.filter((base) => results.some(({ outcomes }) => outcomes.has(base)));
	const ratios = present.map((base) => `× ${base}`);
	return formatTable({
		head: ["Work", "Server", ...measures.flatMap(({ title }) => [title, ...ratios])],
		rows: results.flatMap((result) => rowsOf(result, present)),
	});
}

function rowsOf(result: CaseResult, bases: readonly string[]): string[][] {
	const rows: string[][] = [];
	for (const [server, rounds] of result.outcomes) {
		if (rounds.length === 0) continue;
		const cells = result.group.measures.flatMap((measure) => {
			const ratios = bases.map((base) => {
				const ratio = advantage(result, measure, { server, base });
				return ratio === undefined ? "–" : formatRatio(ratio);
			});
			return [formatFigures(figuresOf(result, server, measure), measure.unit), ...ratios];
		});
		rows.push([rows.length === 0 ? result.title : "", server, ...cells]);
	}
	return rows;
}
