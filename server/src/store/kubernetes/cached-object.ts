import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { publishRaw } from "./kinds/wukong-read.ts";
import { type RawWukong, versionOf } from "./unstructured.ts";

/** One Wukong as this replica holds it: nothing but what callers may see. */
export interface Held {
	readonly uid: string;
	readonly version: bigint;
	/** Published. */
	readonly object: Wukong;
}

export function hold(raw: RawWukong): Held {
	const { uid, resourceVersion } = raw.metadata;
	return { uid, version: versionOf(resourceVersion), object: publishRaw(raw) };
}
