import { expect, test } from "vitest";
import { groups } from "../group.ts";
import { drawBarChart } from "./bar-chart.ts";
import { drawCharts } from "./charts.ts";
import { drawLineChart } from "./line-chart.ts";

const bar = (name: string, value: number) => ({ name, value, text: `${value}/s`, own: false });

test("the best bar is first, and lengths are as the values", () => {
	const svg = drawBarChart("Rates", [{ title: "Get", bars: [bar("slow", 25), bar("fast", 100)] }]);
	expect(svg.match(/>(?:slow|fast)</g)).toEqual([">fast<", ">slow<"]);
	const lengths = [...svg.matchAll(/width="([\d.]+)" height="15"/g)].map(([, width]) =>
		Number(width),
	);
	expect(lengths[1]).toBe((lengths[0] ?? 0) / 4);
});

test("on logarithmic axes, the same factor is the same distance", () => {
	const points = [1, 10, 100].map((x) => ({ x, y: x * 5 }));
	const series = [{ name: "ours", points }];
	const svg = drawLineChart({ title: "Cost", xTitle: "size", yTitle: "µs", series });
	const places = [...(/points="([^"]+)"/.exec(svg)?.[1] ?? "").matchAll(/([\d.]+),([\d.]+)/g)];
	const [a, b, c] = places.map(([, x, y]) => [Number(x), Number(y)] as const);
	if (a === undefined || b === undefined || c === undefined) expect.fail(svg);
	expect(b[0] - a[0]).toBeCloseTo(c[0] - b[0], 0);
	expect(a[1] - b[1]).toBeCloseTo(b[1] - c[1], 0);
	expect(a[1]).toBeGreaterThan(b[1]);
});

test("what is written into a chart stays text", () => {
	expect(drawBarChart('a < b & "c"', [])).toContain(">a &lt; b &amp; &quot;c&quot;</text>");
});

test("a chart shows what was measured; what was not leaves it emptier, not broken", () => {
	const outcomes = new Map([["ours", [{ clock: 1, cpu: 2_000 }]]]);
	const measured = { group: groups.calls, outcomes, seconds: 1 };
	const charts = drawCharts([
		{ id: "get-distinct-json", title: "Get", ...measured },
		{ id: "list-size-1", title: "List 1", ...measured },
		{ id: "list-size-10", title: "List 10", ...measured },
	]);
	expect(charts.map(({ file }) => file)).toEqual(["calls.svg", "list-size.svg"]);
	expect(charts.find(({ file }) => file === "calls.svg")?.svg).toContain("2,000/s");
	for (const { file, svg } of charts) {
		expect(svg, file).toMatch(/^<svg .*<\/svg>\n$/s);
		expect(svg, file).not.toMatch(/NaN|Infinity|undefined/);
	}
});
