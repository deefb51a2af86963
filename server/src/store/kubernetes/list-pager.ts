import type { ObjectRef } from "../../resource/object.ts";
import type { Upstream } from "./api.ts";
import { type CachedObject, type ObjectList, toCachedObject } from "./object-cache.ts";
import type { ClusterObject, ResourceKind } from "./resource-kind.ts";
import { versionOf } from "./unstructured.ts";

/** Options of one list. */
export interface ListOptions<T extends ClusterObject> {
	readonly upstream: Pick<Upstream, "list">;
	readonly kind: ResourceKind<T>;
	/** Objects per page, so that neither side holds all of them in one answer. Default 500. */
	readonly pageSize: number;
	/** State at just this version; undefined: the newest state. */
	readonly exactVersion?: bigint;
	/** What is cached already: the same state is not read twice. Default: nothing. */
	readonly known?: ((ref: ObjectRef) => CachedObject<T> | undefined) | undefined;
	readonly signal: AbortSignal;
}

/**
 * Reads all pages of one list; of the objects as they came, only one page is held at a time.
 * @throws UpstreamError; 410 where the list expired on the way, then nothing of it can be used
 */
export async function listAll<T extends ClusterObject>(
	options: ListOptions<T>,
): Promise<ObjectList<T>> {
	const { upstream, kind, pageSize, exactVersion, known, signal } = options;
	const items: CachedObject<T>[] = [];
	let continueToken = "";
	for (;;) {
		const page = await upstream.list({
			limit: pageSize,
			continueToken,
			// A later page belongs to its list; the API server refuses a version beside the token.
			exactVersion: continueToken === "" ? exactVersion : undefined,
			signal,
		});
		for (const raw of page.items) {
			const { uid, resourceVersion } = raw.metadata;
			const cached = known?.(raw.metadata);
			const isSame = cached?.uid === uid && cached.version === versionOf(resourceVersion);
			items.push(isSame ? cached : toCachedObject(kind, raw, cached?.object));
		}
		continueToken = page.continueToken;
		if (continueToken === "") return { version: page.version, items };
	}
}
