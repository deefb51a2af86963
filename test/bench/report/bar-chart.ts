import { colours, drawing, element, label } from "./svg.ts";

/** Bars that may be compared with each other. */
export interface Panel {
	readonly title: string;
	readonly bars: readonly Bar[];
}

export interface Bar {
	readonly name: string;
	readonly value: number;
	/** The value in words. */
	readonly text: string;
	/** Stands out. */
	readonly own: boolean;
}

const width = 720;
const left = 110;
const longestBar = 400;
const top = 40;
const barStep = 20;
const panelGap = 42;

/** Panels of horizontal bars below each other, the best bar first; each panel has its own scale. */
export function drawBarChart(title: string, panels: readonly Panel[]): string {
	let y = top;
	const parts: string[] = [];
	for (const { title: panelTitle, bars } of panels) {
		y += panelGap / 2;
		parts.push(label(panelTitle, { x: 12, y, "font-weight": "bold" }));
		y += 8;
		const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
		for (const bar of bars.toSorted((a, b) => b.value - a.value)) {
			parts.push(drawBar(bar, { y, length: Math.max(1, (bar.value / most) * longestBar) }));
			y += barStep;
		}
	}
	return drawing({ title, width, height: y + panelGap / 2 }, ...parts);
}

function drawBar(
	{ name, text, own }: Bar,
	{ y, length }: { readonly y: number; readonly length: number },
): string {
	const baseline = y + barStep - 6;
	const weight = own ? "bold" : "normal";
	return [
		label(name, { x: left - 8, y: baseline, "text-anchor": "end", "font-weight": weight }),
		element("rect", {
			x: left,
			y: y + 2,
			width: length.toFixed(1),
			height: barStep - 5,
			fill: own ? colours.own : colours.other,
		}),
		label(text, { x: (left + length + 6).toFixed(1), y: baseline, "font-weight": weight }),
	].join("");
}
