import { sizes } from "../catalogue.ts";
import { type Measure, rates } from "../measure.ts";
import type { CaseResult } from "../rounds.ts";
import { type Bar, drawBarChart } from "./bar-chart.ts";
import { advantage, figuresOf, formatFigure, formatRatio } from "./figure.ts";
import { drawLineChart, type LineChart, type Series } from "./line-chart.ts";
import { quantile } from "./statistics.ts";

const perCpu = rates.find(({ id }) => id === "cpu") as Measure;
const usPerSecond = 1e6;

/** A drawing beside docs/performance.md. */
export interface Chart {
	readonly file: string;
	readonly title: string;
	readonly svg: string;
}

/** All charts; what was not measured is left out of them, and a chart of nothing is none. */
export function drawCharts(results: readonly CaseResult[]): Chart[] {
	const panels = (ids: readonly string[]) =>
		results
			.filter(({ id }) => ids.includes(id))
			.map((result) => ({
				title: result.title,
				bars: barsOf(result),
			}));
	const series = (
		name: string,
		{ server, xs, idOf }: { server: string; xs: readonly number[]; idOf(x: number): string },
	): Series => ({
		name,
		points: xs.flatMap((x) => {
			const result = results.find(({ id }) => id === idOf(x));
			const y = result && medianOf(result, server);
			// A logarithmic axis has no place for none.
			return y === undefined || y <= 0 ? [] : [{ x, y }];
		}),
	});
	const lists = (server: string) => {
		const line = series(server, { server, xs: sizes.list, idOf: (x) => `list-size-${x}` });
		return { ...line, points: line.points.map(({ x, y }) => ({ x, y: usPerSecond / y })) };
	};
	const streams = (server: string, [wire, title]: readonly [string, string]) =>
		series(`${server}, ${title}`, {
			server,
			xs: sizes.streams,
			idOf: (x) => `watch-${wire}-${x}`,
		});
	const json = ["connect-json", "JSON"] as const;
	const grpc = ["grpc", "gRPC"] as const;
	const bars = (file: string, title: string, ...ids: readonly string[]): Chart[] => {
		const drawn = panels(ids);
		return drawn.length === 0 ? [] : [{ file, title, svg: drawBarChart(title, drawn) }];
	};
	// One point is no line.
	const lines = (file: string, chart: LineChart): Chart[] =>
		chart.series.some(({ points }) => points.length > 1)
			? [{ file, title: chart.title, svg: drawLineChart(chart) }]
			: [];
	return [
		...bars(
			"calls.svg",
			"Right answers per second of server CPU",
			...["get-distinct-json", "list-json", "get-distinct-grpc", "list-grpc"],
		),
		...bars(
			"watches.svg",
			"Deliveries per second of server CPU, 1,000 streams",
			...["watch-connect-json-1000", "watch-grpc-1000"],
		),
		...lines("list-size.svg", {
			title: "What a List costs",
			xTitle: "VMs in the list",
			yTitle: "µs of server CPU",
			series: [lists("ours"), lists("raw"), lists("stock")],
		}),
		...lines("stream-count.svg", {
			title: "What streams cost each other",
			xTitle: "open streams",
			yTitle: "deliveries per second of server CPU",
			series: [
				streams("ours", json),
				streams("raw", json),
				streams("ours", grpc),
				streams("raw", grpc),
			],
		}),
	];
}

function barsOf(result: CaseResult): Bar[] {
	return [...result.outcomes.keys()].flatMap((server) => {
		const value = medianOf(result, server);
		if (value === undefined) return [];
		const ratio = advantage(result, perCpu, { server, base: "stock" });
		const times = ratio === undefined ? "" : `, ${formatRatio(ratio)} × stock`;
		const text = `${formatFigure(value, perCpu.unit)}${times}`;
		return [{ name: server, value, text, own: server.startsWith("ours") }];
	});
}

function medianOf(result: CaseResult, server: string): number | undefined {
	const figures = figuresOf(result, server, perCpu);
	return figures.length === 0 ? undefined : quantile(figures, 0.5);
}
