import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import { type FieldViolation, invalidRequest } from "../../failure.ts";
import { isAnnotationKey, isLabelKey, labelKeyWords } from "../../resource/label-grammar.ts";
import { truncate } from "../errors/truncate.ts";

/** One path of an update mask, found in the contract. */
export interface MaskPath {
	/** From the VM down to the named field, at least one. */
	readonly fields: readonly [DescField, ...DescField[]];
	/** The named key, where the last field is a map and the path goes on. */
	readonly mapKey: string | undefined;
}

/** What an update may change of a VM. Everything else is its identity, or output only. */
export const updatableFields: readonly DescField[] = [
	WukongSchema.field.labels,
	WukongSchema.field.annotations,
	WukongSchema.field.spec,
];

const maxQuotedLength = 128;

const unnameable =
	"names a key that a mask in JSON cannot name, for its capitals or underscores: name the whole map";

/**
 * Reads an update mask. Identity and output-only fields are passed over, so that a body which
 * came from a read may be sent back; `*` means every field that an update may change.
 * @param form of the request that the mask came in
 * @returns undefined for no mask: none given, or an empty one.
 * @throws INVALID_REQUEST naming each path that leads into a list, or nowhere, or to a key of a map
 * that the request's form has no way to name
 */
export function parseUpdateMask(
	mask: { readonly paths: readonly string[] } | undefined,
	form: "binary" | "json" = "binary",
): readonly MaskPath[] | undefined {
	if (mask === undefined || mask.paths.length === 0) return undefined;
	const violations: FieldViolation[] = [];
	const parsed: MaskPath[] = [];
	for (const path of new Set(mask.paths)) {
		if (path === "*") {
			parsed.push(...updatableFields.map(wholeField));
			continue;
		}
		const found = parsePath(path, form);
		if (typeof found === "string") {
			violations.push({
				field: "update_mask",
				description: `${JSON.stringify(truncate(path, maxQuotedLength))} ${found}`,
			});
		} else if (updatableFields.includes(found.fields[0])) {
			parsed.push(found);
		}
	}
	if (violations.length > 0) throw invalidRequest(...violations);
	return parsed;
}

function wholeField(field: DescField): MaskPath {
	return { fields: [field], mapKey: undefined };
}

/** @returns what is wrong with the path, where it is not found */
function parsePath(path: string, form: "binary" | "json"): MaskPath | string {
	const fields: DescField[] = [];
	let schema: DescMessage = WukongSchema;
	let rest = path;
	for (;;) {
		const dot = rest.indexOf(".");
		const name = dot < 0 ? rest : rest.slice(0, dot);
		const field = schema.fields.find((candidate) => candidate.name === name);
		if (field === undefined) return "names no field";
		fields.push(field);
		const found = fields as [DescField, ...DescField[]];
		if (dot < 0) return { fields: found, mapKey: undefined };
		rest = rest.slice(dot + 1);
		switch (field.fieldKind) {
			case "message":
				schema = field.message;
				break;
			case "map":
				// What was `appName` in JSON is `app_name` by now, which may be another key of the map.
				if (form === "json" && rest.includes("_")) return unnameable;
				return keyFault(field, unquoted(rest)) ?? { fields: found, mapKey: unquoted(rest) };
			case "list":
				return "leads into a list, which can only be named whole";
			default:
				return "names no field";
		}
	}
}

/** @returns what is wrong with the key of a map: all maps of the contract have label keys */
function keyFault(map: DescField, key: string): string | undefined {
	if (key === "") return "names no key";
	// What a cluster stores under a prefix in capitals can be removed.
	const isKey = map === WukongSchema.field.annotations ? isAnnotationKey : isLabelKey;
	return isKey(key) ? undefined : `names no key, which would be ${labelKeyWords}`;
}

/** A key may stand in backquotes (AIP-161), which are no part of it. */
function unquoted(key: string): string {
	return /^`[^`]*`$/.test(key) ? key.slice(1, -1) : key;
}
