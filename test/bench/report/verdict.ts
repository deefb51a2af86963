import type { Measure } from "../measure.ts";
import type { CaseResult } from "../rounds.ts";
import { advantage, figuresOf, formatFigure, formatRatio } from "./figure.ts";
import { quantile } from "./statistics.ts";
import { formatTable } from "./table.ts";
import type { Demand, Target } from "./targets.ts";

/** Whether a demand is met, and by what. */
export interface Verdict {
	readonly work: string;
	readonly demand: string;
	readonly measured: string;
	/** undefined: not measured in this run. */
	readonly met: boolean | undefined;
}

/** Judges each demand on the cases of a run by their medians. */
export function judge(targets: readonly Target[], results: readonly CaseResult[]): Verdict[] {
	return targets.flatMap((target) => {
		const result = results.find(({ id }) => id === target.case);
		if (result === undefined) return [];
		const { title } = result;
		const work = target.note === undefined ? title : `${title}, ${target.note}`;
		return target.demands.map((demand) => ({
			work,
			demand: describe(demand, measureOf(target, result)),
			...compare(demand, target, result),
		}));
	});
}

/** The verdicts as a table in Markdown. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
	const words = (met: boolean | undefined) =>
		met === undefined ? "not measured" : met ? "yes" : "no";
	return formatTable({
		head: ["Work", "Target", "Measured", "Met"],
		rows: verdicts.map(({ work, demand, measured, met }, place) => [
			work === verdicts[place - 1]?.work ? "" : work,
			demand,
			measured,
			words(met),
		]),
	});
}

function measureOf({ measure }: Target, { id, group }: CaseResult): Measure {
	const found = group.measures.find((each) => each.id === measure);
	if (found === undefined) throw new Error(`${id} does not measure ${measure}`);
	return found;
}

function describe(demand: Demand, { unit }: Measure): string {
	if ("aheadOf" in demand) return `ahead of ${demand.aheadOf}`;
	if ("atLeast" in demand) return `at least ${demand.atLeast} × ${demand.base}`;
	if ("base" in demand) return `at most ${demand.atMost} × ${demand.base}'s`;
	return `at most ${demand.atMost} ${unit}`;
}

function compare(
	demand: Demand,
	target: Target,
	result: CaseResult,
): Pick<Verdict, "measured" | "met"> {
	const nothing = { measured: "–", met: undefined };
	const measure = measureOf(target, result);
	const { server = "ours" } = target;
	if (!("base" in demand || "aheadOf" in demand)) {
		const figures = figuresOf(result, server, measure);
		if (figures.length === 0) return nothing;
		const median = quantile(figures, 0.5);
		return { measured: formatFigure(median, measure.unit), met: median <= demand.atMost };
	}
	const base = "aheadOf" in demand ? demand.aheadOf : demand.base;
	const ratio = advantage(result, measure, { server, base });
	if (ratio === undefined) return nothing;
	if ("atMost" in demand) {
		return { measured: `${formatRatio(1 / ratio)} ×`, met: 1 / ratio <= demand.atMost };
	}
	const met = "aheadOf" in demand ? ratio > 1 : ratio >= demand.atLeast;
	return { measured: `${formatRatio(ratio)} ×`, met };
}
