import { colours, drawing, element, label } from "./svg.ts";

/** One line of a chart. */
export interface Series {
	readonly name: string;
	readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineChart {
	readonly title: string;
	readonly xTitle: string;
	readonly yTitle: string;
	readonly series: readonly Series[];
}

const width = 720;
const height = 360;
const area = { left: 80, right: 560, top: 52, bottom: 305 } as const;
const decimal = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

/** Lines on two logarithmic axes: what costs the same for each piece is a straight line. */
export function drawLineChart({ title, xTitle, yTitle, series }: LineChart): string {
	const points = series.flatMap((line) => line.points);
	const x = scale(
		points.map((point) => point.x),
		[area.left, area.right],
	);
	const y = scale(
		points.map((point) => point.y),
		[area.bottom, area.top],
	);
	const parts = [
		...x.ticks.map((tick) => drawTickX(x.place(tick), tick)),
		...y.ticks.map((tick) => drawTickY(y.place(tick), tick)),
		label(xTitle, { x: (area.left + area.right) / 2, y: height - 16, "text-anchor": "middle" }),
		label(yTitle, { x: 12, y: area.top - 12 }),
	];
	for (const [place, line] of series.entries()) {
		const colour = colours.series[place % colours.series.length] ?? colours.ink;
		const places = line.points.map((point) => ({ x: x.place(point.x), y: y.place(point.y) }));
		const path = places.map((at) => `${at.x.toFixed(1)},${at.y.toFixed(1)}`).join(" ");
		parts.push(
			element("polyline", { points: path, fill: "none", stroke: colour, "stroke-width": 2 }),
			...places.map((at) =>
				element("circle", { cx: at.x.toFixed(1), cy: at.y.toFixed(1), r: 3, fill: colour }),
			),
			element("rect", { x: 580, y: area.top + place * 20, width: 12, height: 12, fill: colour }),
			label(line.name, { x: 598, y: area.top + place * 20 + 11 }),
		);
	}
	return drawing({ title, width, height }, ...parts);
}

/** A logarithmic axis from whole decade to whole decade. @param values positive */
function scale(
	values: readonly number[],
	[from, to]: readonly [number, number],
): { readonly ticks: readonly number[]; place(value: number): number } {
	const logs = values.length === 0 ? [0] : values.map(Math.log10);
	const low = Math.floor(Math.min(...logs));
	const high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
	return {
		ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
		place: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
	};
}

function drawTickX(x: number, tick: number): string {
	const { top, bottom } = area;
	return [
		element("line", { x1: x, x2: x, y1: top, y2: bottom, stroke: colours.faint }),
		label(decimal.format(tick), { x, y: bottom + 18, "text-anchor": "middle" }),
	].join("");
}

function drawTickY(y: number, tick: number): string {
	const { left, right } = area;
	return [
		element("line", { x1: left, x2: right, y1: y, y2: y, stroke: colours.faint }),
		label(decimal.format(tick), { x: left - 8, y: y + 4, "text-anchor": "end" }),
	].join("");
}
