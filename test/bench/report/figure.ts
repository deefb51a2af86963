import type { Measure, Outcome } from "../measure.ts";
import type { CaseResult } from "../rounds.ts";
import { medianRatio, spread } from "./statistics.ts";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", {
	minimumSignificantDigits: 2,
	maximumSignificantDigits: 2,
});

/** The figures of one server in one case, round by round. */
export function figuresOf(
	{ outcomes }: Pick<CaseResult, "outcomes">,
	server: string,
	{ id }: Pick<Measure, "id">,
): number[] {
	const rounds: readonly Outcome[] = outcomes.get(server) ?? [];
	return rounds.flatMap((outcome) => outcome[id] ?? []);
}

/** Median and quartiles, with their unit. */
export function formatFigures(figures: readonly number[], unit: Measure["unit"]): string {
	const { median, low, high } = spread(figures);
	return `${formatFigure(median, unit)} (${formatNumber(low)}–${formatNumber(high)})`;
}

/** One figure with its unit. */
export function formatFigure(figure: number, unit: Measure["unit"]): string {
	return unit === "per second" ? `${formatNumber(figure)}/s` : `${formatNumber(figure)} ${unit}`;
}

export function formatRatio(ratio: number): string {
	return ratio >= 10 ? whole.format(ratio) : fine.format(ratio);
}

function formatNumber(figure: number): string {
	return Math.abs(figure) >= 100 ? whole.format(figure) : fine.format(figure);
}

/**
 * How much better a server is than another: over 1 is better, whatever the measure.
 * @returns undefined where one of them has no figures
 */
export function advantage(
	result: CaseResult,
	measure: Measure,
	{ server, base }: { readonly server: string; readonly base: string },
): number | undefined {
	const own = figuresOf(result, server, measure);
	const other = figuresOf(result, base, measure);
	const ratio = medianRatio(own, other);
	return ratio === undefined || measure.better === "more" ? ratio : 1 / ratio;
}
