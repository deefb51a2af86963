/** Attributes of an element. */
export type Attributes = Readonly<Record<string, string | number>>;

/** An element with what is in it, already written. */
export function element(name: string, attributes: Attributes, ...content: string[]): string {
	const written = Object.entries(attributes).map(
		([key, value]) => ` ${key}="${escapeMarkup(`${value}`)}"`,
	);
	return `<${name}${written.join("")}>${content.join("")}</${name}>`;
}

/** Words at a place. */
export function label(words: string, attributes: Attributes): string {
	return element("text", attributes, escapeMarkup(words));
}

/** A whole drawing, readable on light and dark pages alike. */
export function drawing(
	{
		title,
		width,
		height,
	}: { readonly title: string; readonly width: number; readonly height: number },
	...content: string[]
): string {
	const size = { width, height, viewBox: `0 0 ${width} ${height}` };
	const font = { "font-family": "sans-serif", "font-size": 12, fill: colours.ink };
	return `${element(
		"svg",
		{ xmlns: "http://www.w3.org/2000/svg", role: "img", ...size, ...font },
		element("title", {}, escapeMarkup(title)),
		element("rect", { width, height, fill: colours.paper }),
		label(title, { x: 12, y: 22, "font-size": 15, "font-weight": "bold" }),
		...content,
	)}\n`;
}

export const colours = {
	paper: "#ffffff",
	ink: "#24292f",
	faint: "#d0d7de",
	own: "#0969da",
	other: "#8c959f",
	/** Of lines; the first is ours. */
	series: ["#0969da", "#8c959f", "#bf8700", "#cf222e"],
} as const;

function escapeMarkup(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
