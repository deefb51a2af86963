import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { freeze } from "../../resource/freeze.ts";
import { toPublicView } from "../../resource/wukong/public-view.ts";

/** One stored Wukong, as the store holds it in memory. */
export interface Entry {
	/** With credentials and hidden annotations; never leaves the store. */
	readonly record: Wukong;
	/** What callers see of it. */
	readonly published: Wukong;
	readonly origin: Origin;
}

/** The request that created a Wukong. */
export interface Origin {
	/** Empty: none was given. */
	readonly requestId: string;
	/** Digest of its content without credentials. */
	readonly fingerprint: string;
}

/** The origin of what no caller created. */
export const noOrigin: Origin = { requestId: "", fingerprint: "" };

/** Freezes the record and publishes it. */
export function createEntry(record: Wukong, origin: Origin): Entry {
	return { record: freeze(record), published: toPublicView(record), origin };
}
