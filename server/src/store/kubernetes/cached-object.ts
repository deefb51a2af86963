import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { readPublicView } from "./kinds/wukong-read.ts";
import { type Unstructured, versionOf } from "./unstructured.ts";

/** One Wukong as this replica holds it: nothing but what callers may see. */
export interface CachedObject {
	readonly uid: string;
	readonly version: bigint;
	/** Published. */
	readonly object: Wukong;
}

export function toCachedObject(raw: Unstructured): CachedObject {
	const { uid, resourceVersion } = raw.metadata;
	return { uid, version: versionOf(resourceVersion), object: readPublicView(raw) };
}
