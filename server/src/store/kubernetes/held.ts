import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { type RawWukong, versionOf } from "./raw-wukong.ts";
import { publishRaw } from "./resource-read.ts";

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
