import { environmentName, type Option } from "../server/src/config/option.ts";
import { optionsTable } from "../server/src/config/options-table.ts";

const start = "<!-- options: written by `npm run docs:options` -->\n";
const end = "<!-- /options -->";

/** Puts the table of options, as the service itself has it, into a page that marks its place. */
export function withOptionsTable(page: string): string {
	const from = page.indexOf(start);
	const to = page.indexOf(end);
	if (from === -1 || to === -1) throw new Error("the page does not mark the place of the table");
	const rows = Object.values<Option<unknown>>(optionsTable).map(row);
	const table = ["| Flag | Environment | Default | Meaning |", "|---|---|---|---|", ...rows];
	return `${page.slice(0, from + start.length)}${table.join("\n")}\n${page.slice(to)}`;
}

function row(option: Option<unknown>): string {
	const { flag, placeholder, description } = option;
	const value = placeholder === undefined ? "" : ` <${placeholder}>`;
	const cells = [`\`--${flag}${value}\``, `\`${environmentName(option)}\``, shown(option)];
	return `| ${[...cells, description].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function shown({ defaultValue, unit }: Option<unknown>): string {
	if (defaultValue === "" || defaultValue === false) return "–";
	if (Array.isArray(defaultValue) && defaultValue.length === 0) return "–";
	return `\`${defaultValue}\`${unit === "" ? "" : ` ${unit}`}`;
}
