// Stands in for curl where a machine has none: the few options that the README uses.
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		silent: { type: "boolean", short: "s" },
		"show-error": { type: "boolean", short: "S" },
		get: { type: "boolean", short: "G" },
		globoff: { type: "boolean", short: "g" },
		request: { type: "string", short: "X" },
		json: { type: "string" },
		"no-buffer": { type: "boolean", short: "N" },
		header: { type: "string", short: "H", multiple: true, default: [] },
		data: { type: "string", short: "d" },
		"data-urlencode": { type: "string", multiple: true, default: [] },
	},
});
const url = new URL(positionals[0] ?? "");
for (const pair of values["data-urlencode"]) {
	const at = pair.indexOf("=");
	url.searchParams.append(pair.slice(0, at), pair.slice(at + 1));
}
const headers = new Headers(
	values.header.map((line): [string, string] => {
		const at = line.indexOf(":");
		return [line.slice(0, at), line.slice(at + 1).trim()];
	}),
);
const body = values.json ?? values.data;
if (values.json !== undefined) headers.set("content-type", "application/json");
const response = await fetch(url, {
	headers,
	method: values.request ?? (values.get === true || body === undefined ? "GET" : "POST"),
	body: body ?? null,
});
// A reader that has enough ends the pipe.
process.stdout.on("error", () => process.exit());
for await (const chunk of response.body ?? []) process.stdout.write(chunk);
