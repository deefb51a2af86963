import type { DescField } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { type MaskPath, updatableFields } from "./update-mask.ts";

/**
 * An update without a mask: takes what is set in `body` into `target` and clears nothing.
 * Scalars that are set, optional ones that are present and non-empty lists are replaced,
 * messages are merged field by field, maps key by key.
 * @param target is changed; may share parts of `body` afterwards
 */
export function mergeSetFields(target: Wukong, body: Wukong): void {
	mergeFields(reflect(WukongSchema, target), reflect(WukongSchema, body), updatableFields);
}

/**
 * An update with a mask: afterwards each named field of `target` equals that of `body`; what is
 * unset in `body` is cleared.
 * @param target is changed; may share parts of `body` afterwards
 */
export function applyMask(target: Wukong, body: Wukong, paths: readonly MaskPath[]): void {
	for (const path of paths) {
		applyPath(reflect(WukongSchema, target), reflect(WukongSchema, body), path);
	}
}

function mergeFields(
	target: ReflectMessage,
	body: ReflectMessage,
	fields: readonly DescField[] = body.fields,
): void {
	for (const field of fields) {
		if (!body.isSet(field)) continue;
		if (field.fieldKind === "message" && target.isSet(field)) {
			mergeFields(target.get(field), body.get(field));
		} else if (field.fieldKind === "map") {
			const map = target.get(field);
			for (const [key, value] of body.get(field)) map.set(key, value);
		} else {
			target.set(field, body.get(field));
		}
	}
}

function applyPath(target: ReflectMessage, body: ReflectMessage, path: MaskPath): void {
	const parents = path.fields.slice(0, -1);
	const field = path.fields[path.fields.length - 1] as DescField;
	let into = target;
	let from: ReflectMessage | undefined = body;
	for (const parent of parents) {
		if (parent.fieldKind !== "message") return;
		from = from?.isSet(parent) ? from.get(parent) : undefined;
		if (!into.isSet(parent)) {
			// Nothing to clear below a message that is not there.
			if (from === undefined) return;
			into.set(parent, into.get(parent));
		}
		into = into.get(parent);
	}
	if (path.mapKey !== undefined && field.fieldKind === "map") {
		const value = from?.get(field).get(path.mapKey);
		if (value === undefined) into.get(field).delete(path.mapKey);
		else into.get(field).set(path.mapKey, value);
	} else if (from?.isSet(field)) {
		into.set(field, from.get(field));
	} else {
		into.clear(field);
	}
}
