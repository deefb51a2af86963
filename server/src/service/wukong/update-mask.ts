import type { DescField, DescMessage } from "@bufbuild/protobuf";
import {
	CloudInitUserSchema,
	StartStrategySchema,
	WukongSchema,
} from "@novasphere/wukong-gen/wukong";
import { type FieldViolation, invalidRequest } from "../../failure.ts";
import { isAnnotationKey, isLabelKey, labelKeyWords } from "../../resource/label-grammar.ts";
import type { Codec } from "../../rpc/codec/codec.ts";
import { truncate } from "../errors/truncate.ts";

/** Holds one path of an update mask, resolved by the contract. */
export interface MaskPath {
	/** Fields from the VM down to the named one, at least one. */
	readonly fields: readonly [DescField, ...DescField[]];
	/** Key of a map, where the path goes on behind a map. */
	readonly mapKey: string | undefined;
}

/** Fields that an update may change. All others are the identity of a VM, or output only. */
export const updatableFields: readonly DescField[] = [
	WukongSchema.field.labels,
	WukongSchema.field.annotations,
	WukongSchema.field.spec,
];

/** Fields that `*` does not take away: to name them beside it says something (`createUpdateEdit`). */
const stickyFields: readonly DescField[] = [
	StartStrategySchema.field.autoStart,
	CloudInitUserSchema.field.password,
	CloudInitUserSchema.field.passwordHash,
];

const maxQuotedLength = 128;

const unnameable =
	"names a key that a mask in JSON cannot name, for its capitals or underscores: name the whole map";

/**
 * Parses an update mask. Identity and output-only fields are ignored, so that a body from a read
 * may be sent back; `*` means every field that an update may change, and beside it only those are
 * named that it leaves alone.
 * @param codec of the request that the mask came in
 * @returns undefined for no mask: none given, or an empty one.
 * @throws INVALID_REQUEST naming each path that leads into a list, or nowhere, or to a key of a map
 * that the request's codec cannot name, or that `*` beside it names already
 */
export function parseUpdateMask(
	mask: { readonly paths: readonly string[] } | undefined,
	codec: Codec = "binary",
): readonly MaskPath[] | undefined {
	if (mask === undefined || mask.paths.length === 0) return undefined;
	const violations: FieldViolation[] = [];
	const parsed: MaskPath[] = [];
	const paths = new Set(mask.paths);
	if (paths.delete("*")) parsed.push(...updatableFields.map(wholeField));
	const hasAll = parsed.length > 0;
	for (const path of paths) {
		const found = parsePath(path, codec);
		const fault = typeof found === "string" || !hasAll ? found : besideAll(found);
		if (typeof fault === "string") {
			violations.push({
				field: "update_mask",
				description: `${JSON.stringify(truncate(path, maxQuotedLength))} ${fault}`,
			});
		} else if (updatableFields.includes(fault.fields[0])) {
			parsed.push(fault);
		}
	}
	if (violations.length > 0) throw invalidRequest(...violations);
	return parsed;
}

/** Returns a path that stands beside `*`, or what is wrong with that: one of the two is a mistake. */
function besideAll(path: MaskPath): MaskPath | string {
	const { fields } = path;
	const isSaid = stickyFields.includes(fields.at(-1) as DescField);
	const isPassedOver = !updatableFields.includes(fields[0]);
	return isSaid || isPassedOver ? path : 'stands beside "*", which names it already';
}

function wholeField(field: DescField): MaskPath {
	return { fields: [field], mapKey: undefined };
}

/**
 * Resolves a path.
 * @returns what is wrong with it, where it is not found
 */
function parsePath(path: string, codec: Codec): MaskPath | string {
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
				// `appName` in JSON has become `app_name` here, which may be another key of the map.
				if (codec === "json" && rest.includes("_")) return unnameable;
				return keyFault(field, unquoted(rest)) ?? { fields: found, mapKey: unquoted(rest) };
			case "list":
				return "leads into a list, which can only be named whole";
			default:
				return "names no field";
		}
	}
}

/**
 * Checks the key of a map: all maps of the contract have label keys.
 * @returns what is wrong with it
 */
function keyFault(map: DescField, key: string): string | undefined {
	if (key === "") return "names no key";
	// An annotation that a cluster holds under a prefix in capitals can be removed.
	const isKey = map === WukongSchema.field.annotations ? isAnnotationKey : isLabelKey;
	return isKey(key) ? undefined : `names no key, which would be ${labelKeyWords}`;
}

/** Removes the backquotes that a key may stand in (AIP-161). */
function unquoted(key: string): string {
	return /^`[^`]*`$/.test(key) ? key.slice(1, -1) : key;
}
