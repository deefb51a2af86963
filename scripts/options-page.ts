import { environmentName, type Option } from "../server/src/config/option.ts";
import { optionsTable } from "../server/src/config/options-table.ts";

const start = "<!-- options: written by `npm run docs:options` -->\n";
const end = "<!-- /options -->";

/** Puts the table of options, as the service itself has it, into a page that marks its place. */
export function withOptionsTable(page: string): string {
	const from = page.indexOf(start);
	const to = page.indexOf(end);
	if (from === -1 || to === -1) throw new Error("the page does not mark the place of the table");
	const rows = [
		["Flag", "Environment", "Default", "Meaning"],
		...Object.values<Option<unknown>>(optionsTable).map(cells),
	];
	return `${page.slice(0, from + start.length)}\n${tableOf(rows)}\n\n${page.slice(to)}`;
}

/** A Markdown table as the formatter leaves it: every column as wide as its widest cell. */
function tableOf(rows: readonly (readonly string[])[]): string {
	const widths = rows[0]?.map((_, column) =>
		Math.max(...rows.map((row) => row[column]?.length ?? 0)),
	);
	const line = (row: readonly string[]) =>
		`| ${row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join(" | ")} |`;
	const rule = (widths ?? []).map((width) => "-".repeat(width));
	const [head = [], ...body] = rows;
	return [head, rule, ...body].map(line).join("\n");
}

function cells(option: Option<unknown>): string[] {
	const { flag, placeholder, description } = option;
	const value = placeholder === undefined ? "" : ` <${placeholder}>`;
	return [
		`\`--${flag}${value}\``,
		`\`${environmentName(option)}\``,
		shown(option),
		description.replaceAll("|", "\\|"),
	];
}

function shown({ defaultValue, unit }: Option<unknown>): string {
	if (defaultValue === "" || defaultValue === false) return "–";
	if (Array.isArray(defaultValue) && defaultValue.length === 0) return "–";
	return `\`${defaultValue}\`${unit === "" ? "" : ` ${unit}`}`;
}
