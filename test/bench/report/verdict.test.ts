import { expect, test } from "vitest";
import { fullCatalogue } from "../catalogue.ts";
import { groups } from "../group.ts";
import { targets } from "./targets.ts";
import { formatVerdicts, judge } from "./verdict.ts";

/** A result of one round; `figures` are by server. */
function result(group: keyof typeof groups, measure: string, figures: Record<string, number>) {
	const outcomes = Object.entries(figures).map(
		([server, figure]) => [server, [{ [measure]: figure }]] as const,
	);
	return {
		id: "case",
		title: "Case",
		group: groups[group],
		outcomes: new Map(outcomes),
		seconds: 1,
	};
}

const calls = (figures: Record<string, number>) => result("calls", "cpu", figures);

test("a demand on a ratio is met from its bound on", () => {
	const target = {
		case: "case",
		measure: "cpu",
		demands: [{ base: "stock", atLeast: 5 }, { aheadOf: "fastify" }, { base: "raw", atLeast: 0.6 }],
	};
	const metBy = (figures: Record<string, number>) =>
		judge([target], [calls(figures)]).map(({ met }) => met);
	expect(metBy({ ours: 50, stock: 10, fastify: 49, raw: 83 })).toEqual([true, true, true]);
	expect(metBy({ ours: 49, stock: 10, fastify: 49, raw: 83 })).toEqual([false, false, false]);
});

test("who was not there is not counted as beaten", () => {
	const target = { case: "case", measure: "cpu", demands: [{ aheadOf: "gin" }] };
	const [verdict] = judge([target], [calls({ ours: 50 })]);
	expect(verdict).toMatchObject({ measured: "–", met: undefined });
});

test("a demand may be on another of our servers", () => {
	const demands = [{ base: "raw", atLeast: 0.8 }];
	const target = { case: "case", measure: "cpu", server: "ours, quiet", demands };
	const [verdict] = judge([target], [calls({ ours: 10, "ours, quiet": 90, raw: 100 })]);
	expect(verdict).toMatchObject({ measured: "0.90 ×", met: true });
});

test("memory and waiting have upper bounds", () => {
	const memory = { case: "case", measure: "rss", demands: [{ base: "raw", atMost: 1.3 }] };
	const perStream = (ours: number) => [result("memory", "rss", { ours, raw: 10 })];
	expect(judge([memory], perStream(13))[0]).toMatchObject({ measured: "1.3 ×", met: true });
	expect(judge([memory], perStream(14))[0]?.met).toBe(false);

	const waiting = { case: "case", measure: "p99", demands: [{ atMost: 20 }] };
	const waited = (ours: number) => [result("latency", "p99", { ours, raw: 1 })];
	expect(judge([waiting], waited(20))[0]).toMatchObject({ measured: "20 ms", met: true });
	expect(judge([waiting], waited(21))[0]?.met).toBe(false);
});

test("cases that were not run have no verdict; the others one row for each demand", () => {
	const demands = [{ aheadOf: "stock" }, { aheadOf: "gin" }];
	const known = { case: "case", note: "everything on", measure: "cpu", demands };
	const verdicts = judge([known, { ...known, case: "other" }], [calls({ ours: 2, stock: 1 })]);
	expect(formatVerdicts(verdicts).replaceAll(/ +/g, " ").split("\n")).toEqual([
		"| Work | Target | Measured | Met |",
		expect.stringMatching(/^[| -]+$/),
		"| Case, everything on | ahead of stock | 2.0 × | yes |",
		"| | ahead of gin | – | not measured |",
	]);
});

test("every target is on a case of the catalogue, its measure, and servers that take part", () => {
	const cases = new Map(fullCatalogue().map((each) => [each.id, each]));
	for (const target of targets) {
		const { group, servers } = cases.get(target.case) ?? expect.fail(target.case);
		expect(group.measures.map(({ id }) => id)).toContain(target.measure);
		for (const demand of target.demands) {
			if ("aheadOf" in demand) expect(servers).toContain(demand.aheadOf);
			else if ("base" in demand) expect(servers).toContain(demand.base);
		}
		expect(servers).toContain(target.server ?? "ours");
	}
});
