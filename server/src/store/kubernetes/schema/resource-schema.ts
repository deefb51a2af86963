import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { GroupVersionResource } from "../resource-kind.ts";
import { isJsonObject, objectAt } from "../unstructured.ts";

/** What is kept of the schema of one value: no more than tells what becomes of its fields. */
export interface SchemaNode {
	/** Fields that are known, by name. */
	readonly properties: ReadonlyMap<string, SchemaNode>;
	/** Schema of an array's entries; undefined: none is said. */
	readonly items: SchemaNode | undefined;
	/** Names that are not known are kept: it is a map, or free in form. */
	readonly isOpen: boolean;
	/** Fields that an object must have. */
	readonly required: ReadonlySet<string>;
	/** An absent value is filled in by the API server. */
	readonly hasDefault: boolean;
}

/** Nodes that are kept of one schema; that of a Wukong has about a hundred. */
const maxNodes = 10_000;

/**
 * Reads the schema of a kind from the OpenAPI document of its group and version.
 * Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
 * @returns undefined where the document has none
 */
export function readResourceSchema(
	document: JsonObject,
	{ group, version, kind }: GroupVersionResource & { readonly kind: string },
): SchemaNode | undefined {
	const schemas = objectAt(objectAt(document, "components"), "schemas");
	const isWanted = (it: JsonValue) =>
		isJsonObject(it) && it.group === group && it.version === version && it.kind === kind;
	const found = Object.values(schemas).find((schema) => {
		const kinds = isJsonObject(schema) ? schema["x-kubernetes-group-version-kind"] : undefined;
		return Array.isArray(kinds) && kinds.some(isWanted);
	});
	return isJsonObject(found) ? readNode(found, { left: maxNodes }) : undefined;
}

function readNode(schema: JsonObject, budget: { left: number }): SchemaNode {
	const { items, additionalProperties, required, type } = schema;
	// Beyond what any schema has nothing is judged.
	if (budget.left-- <= 0) return unknownNode;
	const properties = new Map(
		Object.entries(objectAt(schema, "properties")).flatMap(([name, value]) =>
			isJsonObject(value) ? [[name, readNode(value, budget)] as const] : [],
		),
	);
	const isFree =
		schema["x-kubernetes-preserve-unknown-fields"] === true ||
		(additionalProperties !== undefined && additionalProperties !== false) ||
		// Without a type it is a reference to a schema of Kubernetes' own, as of `metadata`.
		type === undefined;
	return {
		properties,
		items: isJsonObject(items) ? readNode(items, budget) : undefined,
		isOpen: isFree,
		required: new Set(Array.isArray(required) ? required.map(String) : []),
		hasDefault: schema.default !== undefined,
	};
}

const unknownNode: SchemaNode = {
	properties: new Map(),
	items: undefined,
	isOpen: true,
	required: new Set(),
	hasDefault: false,
};

/**
 * Lists the fields that the API server would drop because the schema lacks them, as in
 * `spec.networks[0].nodeIP`.
 * @param path name of `value` itself
 */
export function prunedFields(schema: SchemaNode, value: JsonValue, path: string): string[] {
	if (Array.isArray(value)) {
		const { items } = schema;
		if (items === undefined) return [];
		return value.flatMap((entry, index) => prunedFields(items, entry, `${path}[${index}]`));
	}
	if (!isJsonObject(value)) return [];
	return Object.entries(value).flatMap(([name, inner]) => {
		const known = schema.properties.get(name);
		const at = `${path}.${name}`;
		if (known !== undefined) return prunedFields(known, inner, at);
		return schema.isOpen ? [] : [at];
	});
}

/** Finds the schema of a field below others; lists are passed through. @returns undefined where it is not known */
export function schemaAt(schema: SchemaNode, ...names: string[]): SchemaNode | undefined {
	let node: SchemaNode | undefined = schema;
	for (const name of names) {
		node = (node?.items ?? node)?.properties.get(name);
	}
	return node;
}
