import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { isJsonObject } from "../unstructured.ts";
import { type SchemaNode, schemaAt } from "./resource-schema.ts";

/** Values for what a caller may leave out and the cluster may not. Empty: nothing is filled in. */
export interface FillIns {
	/** Storage class of a disk that names none. */
	readonly storageClass: string;
	/** Type of a network that names none. */
	readonly networkType: string;
}

/** Fills in nothing. */
export const noFillIns: FillIns = { storageClass: "", networkType: "" };

/**
 * Fills in what an operator's webhook would, where the schema has no default for it: a cluster whose
 * webhook is off would refuse a disk without a class, and make no interface of a network without a
 * type. An entry that was without before stays so: it is not this write's.
 * @param before the spec that was there; undefined: none
 * @returns `spec` itself where nothing is missing
 */
export function fillIn(
	spec: JsonObject,
	before: JsonObject | undefined,
	{ schema, storageClass, networkType }: FillIns & { readonly schema: SchemaNode | undefined },
): JsonObject {
	if (schema === undefined) return spec;
	const result = { ...spec };
	const fill = (list: string, field: string, value: string) => {
		const entries = spec[list];
		if (value === "" || !Array.isArray(entries)) return;
		const old = before?.[list];
		result[list] = entries.map((entry) => filled(entry, { field, value, old }));
	};
	if (isMissing(schema, { list: "disks", field: "storageClassName", onlyIfRequired: true })) {
		fill("disks", "storageClassName", storageClass);
	}
	// It is required in no schema, but an operator makes no interface without it.
	if (isMissing(schema, { list: "networks", field: "type", onlyIfRequired: false }))
		fill("networks", "type", networkType);
	return result;
}

/** Checks that the API server gives a field of a list's entries no default. */
function isMissing(
	schema: SchemaNode,
	wanted: { readonly list: string; readonly field: string; readonly onlyIfRequired: boolean },
): boolean {
	const { list, field, onlyIfRequired } = wanted;
	const entry = schemaAt(schema, "spec", list)?.items;
	const node = entry?.properties.get(field);
	if (node === undefined || node.hasDefault) return false;
	return !onlyIfRequired || entry?.required.has(field) === true;
}

function filled(
	entry: JsonValue,
	{ field, value, old }: { field: string; value: string; old: JsonValue | undefined },
): JsonValue {
	if (!isJsonObject(entry) || hasText(entry, field)) return entry;
	const same = Array.isArray(old)
		? old.find((other) => isJsonObject(other) && other.name === entry.name)
		: undefined;
	if (isJsonObject(same) && !hasText(same, field)) return entry;
	return { ...entry, [field]: value };
}

function hasText(entry: JsonObject, field: string): boolean {
	return typeof entry[field] === "string" && entry[field] !== "";
}
