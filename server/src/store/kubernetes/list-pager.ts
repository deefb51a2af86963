import type { ObjectRef } from "../../resource/object.ts";
import { type CachedObject, toCachedObject } from "./cached-object.ts";
import type { Unstructured } from "./unstructured.ts";
import type { Upstream } from "./upstream.ts";

/** All objects at one version. */
export interface ObjectList {
	readonly version: bigint;
	readonly items: readonly CachedObject[];
}

export interface ListOptions {
	/** Objects per page, so that neither side holds all of them in one answer. Default 500. */
	readonly pageSize: number;
	/** State at just this version; undefined: the newest state. */
	readonly exactVersion?: bigint;
	/** What is held already: the same state is not held twice. Default: nothing. */
	readonly known?: ((ref: ObjectRef) => CachedObject | undefined) | undefined;
	readonly signal: AbortSignal;
}

/**
 * Reads all pages of one list. @throws UpstreamError; 410 where the list expired on the way,
 * then nothing of it can be used
 */
export async function listAll(
	upstream: Pick<Upstream, "list">,
	options: ListOptions,
): Promise<ObjectList> {
	const { pageSize, exactVersion, known, signal } = options;
	const items: CachedObject[] = [];
	let continueToken = "";
	for (;;) {
		const page = await upstream.list({
			limit: pageSize,
			continueToken,
			// A later page belongs to its list; the API server refuses a version beside the token.
			exactVersion: continueToken === "" ? exactVersion : undefined,
			signal,
		});
		for (const raw of page.items) items.push(holdOnce(raw, known?.(raw.metadata)));
		continueToken = page.continueToken;
		if (continueToken === "") return { version: page.version, items };
	}
}

function holdOnce(raw: Unstructured, known: CachedObject | undefined): CachedObject {
	const { uid, resourceVersion } = raw.metadata;
	const isSame = known?.uid === uid && known.object.resourceVersion === resourceVersion;
	return isSame ? known : toCachedObject(raw);
}
