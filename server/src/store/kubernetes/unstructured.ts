import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { parsePlainVersion } from "../../resource/version.ts";
import { UpstreamError } from "./upstream-error.ts";

/** The metadata that this store needs; whatever else there is, is kept. */
export type ObjectMeta = JsonObject & {
	readonly name: string;
	readonly namespace: string;
	readonly uid: string;
	readonly resourceVersion: string;
};

/** An object as the API server has it: with credentials, hidden annotations and unknown fields. */
export type Unstructured = JsonObject & { readonly metadata: ObjectMeta };

const clusterFields = ["name", "uid", "resourceVersion"];
const namespacedFields = ["name", "namespace", "uid", "resourceVersion"];

/**
 * Checks that what an API server sent for an object has the metadata that every use relies on.
 * @param isNamespaced false: the kind may have no namespaces, and the namespace may be missing
 * @throws UpstreamError "garbled"
 */
export function parseUnstructured(value: JsonValue | undefined, isNamespaced = true): Unstructured {
	const metadata = objectAt(value, "metadata");
	for (const field of isNamespaced ? namespacedFields : clusterFields) {
		if (typeof metadata[field] !== "string" || metadata[field] === "") {
			throw new UpstreamError({ kind: "garbled" }, `an object came without metadata.${field}`);
		}
	}
	const raw = value as Unstructured;
	versionOf(raw.metadata.resourceVersion);
	return raw;
}

/**
 * Reads a resource version. Since they are comparable, they are unsigned decimal integers of
 * any length (KEP-5504). @throws UpstreamError "garbled"
 */
export function versionOf(resourceVersion: JsonValue | undefined): bigint {
	const version =
		typeof resourceVersion === "string" ? parsePlainVersion(resourceVersion) : undefined;
	if (version === undefined) {
		throw new UpstreamError({ kind: "garbled" }, "a resourceVersion is not a number");
	}
	return version;
}

/** Returns the object at a key; empty where there is none. */
export function objectAt(value: JsonValue | undefined, key: string): JsonObject {
	const inner = isJsonObject(value) ? value[key] : undefined;
	return isJsonObject(inner) ? inner : {};
}

/** Returns the text at a key; empty where there is none, or something else. */
export function textAt(value: JsonObject, key: string): string {
	const inner = value[key];
	return typeof inner === "string" ? inner : "";
}

/** Checks for an object with keys; raw JSON, which stands for a long integer, is none. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
	return (
		typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
	);
}
