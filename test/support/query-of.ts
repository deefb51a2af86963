import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** Fields of the contract's requests that are maps. */
const maps = new Set(["labels"]);

/** A request in JSON as a query: nested fields by dots, items one by one, maps as `labels[app]=web`. */
export function queryOf(request: JsonObject): string {
	const query = new URLSearchParams();
	for (const [name, value] of parametersOf(request, "")) query.append(name, String(value));
	return query.toString();
}

function parametersOf(json: JsonObject, prefix: string): [string, JsonValue][] {
	return Object.entries(json).flatMap(([name, value]): [string, JsonValue][] => {
		const path = prefix + name;
		if (Array.isArray(value)) return value.map((item) => [path, item]);
		if (typeof value !== "object" || value === null) return [[path, value]];
		if (!maps.has(name)) return parametersOf(value, `${path}.`);
		return Object.entries(value).map(([key, item]) => [`${path}[${key}]`, item]);
	});
}
