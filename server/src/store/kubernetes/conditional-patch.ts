import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { objectAt, type Unstructured } from "./unstructured.ts";

/** Parts of an object that an edit leaves as they are, or that are written otherwise. */
const otherParts: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "status"]);

/** Parts of `metadata` that an edit may change. */
const editedMetadata = ["labels", "annotations"] as const;

/**
 * Creates the JSON Patch (RFC 6902) that makes of an object what an edit has made of it, on condition
 * that all that callers can write is as it was read: its uid, its labels and annotations, and its
 * generation, which rises with each change of spec and where a deletion begins. That is no less than
 * `preconditionHash` covers. Unlike a resourceVersion it holds while others write status: the API
 * server applies the patch to what it has then, and again where another write comes in between.
 * @param before as it was read from the API server
 * @param after the same object, edited
 * @returns undefined where the object has no generation: nothing else tells of a change of spec
 */
export function createConditionalPatch(
	before: Unstructured,
	after: Unstructured,
): JsonObject[] | undefined {
	const { uid, generation } = before.metadata;
	if (typeof generation !== "number") return undefined;
	const patch: JsonObject[] = [
		test("/metadata/uid", uid),
		test("/metadata/generation", generation),
	];
	for (const key of editedMetadata) {
		// A test for null passes where there is none.
		patch.push(test(`/metadata/${key}`, before.metadata[key] ?? null));
	}
	for (const key of editedMetadata) {
		const [old, next] = [objectAt(before.metadata, key), objectAt(after.metadata, key)];
		if (!isDeepStrictEqual(old, next)) patch.push(set(`/metadata/${key}`, next));
	}
	for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
		if (otherParts.has(key) || isDeepStrictEqual(before[key], after[key])) continue;
		const path = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
		const value = after[key];
		patch.push(value === undefined ? { op: "remove", path } : set(path, value));
	}
	return patch;
}

function test(path: string, value: JsonValue): JsonObject {
	return { op: "test", path, value };
}

/** Sets a field, whether it is there or not: that is what RFC 6902, section 4.1, calls "add". */
function set(path: string, value: JsonValue): JsonObject {
	return { op: "add", path, value };
}
