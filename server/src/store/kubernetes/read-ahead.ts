import type { Clock } from "../../clock.ts";
import type { Upstream } from "./api.ts";
import { listAll } from "./list-pager.ts";
import type { ObjectCache, ObjectList } from "./object-cache.ts";
import type { ReflectorTimings } from "./reflector-timings.ts";
import type { ClusterObject, ResourceKind } from "./resource-kind.ts";
import type { UpstreamObserver } from "./upstream-observer.ts";
import { followWatch, type WatchEvent } from "./watch-session.ts";

/** What reading ahead of the watch works with. */
export interface ReadAheadOptions<T extends ClusterObject> {
	readonly upstream: Upstream;
	readonly kind: ResourceKind<T>;
	readonly clock: Clock;
	readonly timings: Pick<ReflectorTimings, "maxLineBytes" | "pageSize">;
	readonly observer: Pick<UpstreamObserver, "listed">;
	/** Aborts when all work ends. */
	readonly signal: AbortSignal;
	/** Returns the cache as it is now: a reload makes another one. */
	readonly cache: () => ObjectCache<T>;
	/** Takes an event in. */
	readonly take: (event: WatchEvent) => void;
	/** Takes a list in, which is newer than the cache. */
	readonly takeList: (list: ObjectList<T>) => void;
}

/**
 * Time that the API server is given for a watch of which only its bookmark is wanted, in milliseconds: it
 * sends that 2 s before the end (`nextBookmarkTime` in its cacheWatcher).
 */
const aheadWatchMs = 4_000;

/** Time after which that bookmark does not come any more: a list is read, in milliseconds. */
const aheadCutMs = 3_000;

/**
 * Creates the reading of everything up to a version, which the API server is known to have reached,
 * beside the watch that will bring it some time. @returns fails with UpstreamError, or with the
 * signal's reason
 */
export function createReadAhead<T extends ClusterObject>(
	options: ReadAheadOptions<T>,
): (version: bigint) => Promise<void> {
	const { upstream, kind, clock, timings, observer, signal, cache, take, takeList } = options;
	const { maxLineBytes, pageSize } = timings;

	/**
	 * Brings a version by a watch of its own, which ends with the API server's bookmark. It leaves no gap
	 * in the history, as a list does: who resumes with a token from in between would have to start over.
	 */
	const watchAhead = async (version: bigint) => {
		const before = cache();
		await followWatch(upstream, clock, {
			fromVersion: before.head,
			timeoutMs: aheadWatchMs,
			cutAfterMs: aheadCutMs,
			maxLineBytes,
			signal,
			onOpen() {},
			onEvent(event) {
				if (cache() !== before) return true;
				take(event);
				return before.head >= version;
			},
		});
	};

	const listAhead = async () => {
		const before = cache();
		const list = await listAll({ upstream, kind, pageSize, known: before.get, signal });
		observer.listed("ahead", kind.plural);
		if (cache() === before && list.version > before.head) takeList(list);
	};

	return async (version) => {
		try {
			await watchAhead(version);
		} catch {
			// The list says what is wrong, if anything is.
			signal.throwIfAborted();
		}
		if (cache().head < version) await listAhead();
	};
}
