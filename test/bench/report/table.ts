/** A table in Markdown, its columns padded so that it also reads in a terminal. */
export function formatTable(table: {
	readonly head: readonly string[];
	readonly rows: readonly (readonly string[])[];
}): string {
	const { head, rows } = table;
	const widths = head.map((title, column) =>
		Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
	);
	const line = (cells: readonly string[]) =>
		`| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
	return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
