import type { Outcome, Unit } from "./case.ts";
import type { CaseResult } from "./rounds.ts";
import { medianRatio, spread } from "./statistics.ts";
import { formatTable } from "./table.ts";

/** Servers that the others are held against. */
const bases = ["stock", "raw"] as const;

const perSecond = (units: number, ms: number) => (ms > 0 ? (units * 1_000) / ms : 0);
const byClock = ({ units, wallMs }: Outcome) => perSecond(units, wallMs);
const byCpu = ({ units, cpuMs }: Outcome) => perSecond(units, cpuMs);

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** All results as one table in Markdown. Ratios over 1 are better everywhere. */
export function formatScoreboard(results: readonly CaseResult[]): string {
	const ratios = bases.map((base) => `× ${base}`);
	return formatTable({
		head: ["Work", "Server", "by the clock", ...ratios, "per CPU second", ...ratios],
		rows: results.flatMap(rowsOf),
	});
}

function rowsOf({ title, unit, outcomes }: CaseResult): string[][] {
	const rows: string[][] = [];
	for (const [name, rounds] of outcomes) {
		if (rounds.length === 0) continue;
		const cells = [byClock, byCpu].flatMap((rate) => {
			const figures = rounds.map(rate);
			const ratios = bases.map((base) => {
				const ratio = medianRatio(figures, (outcomes.get(base) ?? []).map(rate));
				return ratio === undefined ? "–" : formatRatio(ratio);
			});
			return [formatFigure(figures, unit), ...ratios];
		});
		rows.push([rows.length === 0 ? title : "", name, ...cells]);
	}
	return rows;
}

/** Median and quartiles; of starts their time, because nobody counts starts per second. */
function formatFigure(rates: readonly number[], unit: Unit): string {
	if (unit !== "starts") {
		const { median, low, high } = spread(rates);
		return `${whole.format(median)}/s (${whole.format(low)}–${whole.format(high)})`;
	}
	const { median, low, high } = spread(rates.map((rate) => 1_000 / rate));
	return `${whole.format(median)} ms (${whole.format(low)}–${whole.format(high)})`;
}

function formatRatio(ratio: number): string {
	return ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2);
}
