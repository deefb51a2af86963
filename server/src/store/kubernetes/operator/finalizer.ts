import type { JsonValue } from "@bufbuild/protobuf";
import type { Unstructured } from "../unstructured.ts";

/** Keeps a deleted Wukong in sight until its VM is cleaned up; the operator's own word. */
export const finalizer = "wukong.novasphere.dev/finalizer";

/** The Wukong with the finalizer; itself where it has it. */
export function withFinalizer(raw: Unstructured): Unstructured {
	const present = finalizersOf(raw);
	return present.includes(finalizer) ? raw : withFinalizers(raw, [...present, finalizer]);
}

/** The Wukong without the finalizer, those of others kept; itself where it has none. */
export function withoutFinalizer(raw: Unstructured): Unstructured {
	const present = finalizersOf(raw);
	const rest = present.filter((one) => one !== finalizer);
	return rest.length === present.length ? raw : withFinalizers(raw, rest);
}

function finalizersOf({ metadata }: Unstructured): readonly JsonValue[] {
	return Array.isArray(metadata.finalizers) ? metadata.finalizers : [];
}

function withFinalizers(raw: Unstructured, finalizers: JsonValue[]): Unstructured {
	return { ...raw, metadata: { ...raw.metadata, finalizers } };
}
