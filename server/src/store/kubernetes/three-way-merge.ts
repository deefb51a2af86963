import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { isJsonObject } from "./unstructured.ts";

/**
 * Applies the difference between two states to a third, which may have fields that they do not
 * know: what is equal in `before` and `after` stays in `target` as it is, unknown fields included.
 * Entries of lists are matched by `name`, or by being equal where they have none.
 * @returns `target` itself where nothing differs; it is never changed.
 */
export function threeWayMerge(
	target: JsonObject,
	before: JsonObject,
	after: JsonObject,
): JsonObject {
	if (isDeepStrictEqual(before, after)) return target;
	const result = { ...target };
	for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
		const wanted = after[key];
		if (isDeepStrictEqual(before[key], wanted)) continue;
		if (wanted === undefined) delete result[key];
		else result[key] = mergeValue(target[key], before[key], wanted);
	}
	return result;
}

function mergeValue(
	target: JsonValue | undefined,
	before: JsonValue | undefined,
	after: JsonValue,
): JsonValue {
	if (isJsonObject(target) && isJsonObject(before) && isJsonObject(after)) {
		return threeWayMerge(target, before, after);
	}
	if (Array.isArray(target) && Array.isArray(before) && Array.isArray(after)) {
		return after.map((entry) => mergeEntry(target, before, entry));
	}
	return after;
}

function mergeEntry(
	target: readonly JsonValue[],
	before: readonly JsonValue[],
	entry: JsonValue,
): JsonValue {
	const index = before.findIndex((other) => isSameEntry(other, entry));
	// Both lists come from one object: entries stand at the same places.
	return index < 0 || target.length !== before.length
		? entry
		: mergeValue(target[index], before[index], entry);
}

function isSameEntry(a: JsonValue, b: JsonValue): boolean {
	if (isJsonObject(a) && isJsonObject(b) && b.name !== undefined) return a.name === b.name;
	return isDeepStrictEqual(a, b);
}
