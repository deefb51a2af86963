import type { Clock, Timer } from "../../clock.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import type { Change, StoreState } from "../change-feed.ts";
import type { Upstream } from "./api.ts";
import { listAll } from "./list-pager.ts";
import {
	type CachedObject,
	createObjectCache,
	type ObjectCache,
	type ObjectList,
} from "./object-cache.ts";
import type { ReflectorTimings } from "./reflector-timings.ts";
import type { ClusterObject, ResourceKind } from "./resource-kind.ts";
import { refusalCode } from "./upstream-error.ts";
import type { UpstreamObserver } from "./upstream-observer.ts";
import { followWatch, type WatchEvent } from "./watch-session.ts";

/** The cache that a replica starts with, and the state for its sink. */
export interface SyncedCache<T extends ClusterObject> {
	readonly cache: ObjectCache<T>;
	readonly state: StoreState<T>;
}

/** Options of the first synchronization. */
export interface InitialSyncOptions<T extends ClusterObject> {
	readonly upstream: Upstream;
	readonly kind: ResourceKind<T>;
	readonly clock: Clock;
	readonly timings: ReflectorTimings;
	readonly observer: Pick<UpstreamObserver, "listed">;
	readonly signal: AbortSignal;
}

/**
 * Reads the newest state, with the true history before it where the API server still has it: the
 * state as it was some versions ago, and a watch from there. @throws UpstreamError
 */
export async function syncInitially<T extends ClusterObject>(
	options: InitialSyncOptions<T>,
): Promise<SyncedCache<T>> {
	const { upstream, kind, clock, timings, observer, signal } = options;
	const { pageSize, historyVersions } = timings;
	const now = await listAll({ upstream, kind, pageSize, signal });
	observer.listed("start", kind.plural);
	for (const version of pastVersions(now.version, historyVersions)) {
		try {
			const withHistory = await replay(now, version, options);
			if (withHistory !== undefined) return withHistory;
			break;
		} catch (error) {
			signal.throwIfAborted();
			// Compacted, or beyond what the API server keeps for watches: a nearer past may be there.
			if (refusalCode(error) !== 410) break;
		}
	}
	const cache = createObjectCache(kind, now, clock);
	return { cache, state: stateOf(cache, [], now.version) };
}

/** Lists the versions to start from, the oldest first; each is half as far back as the one before. */
function* pastVersions(now: bigint, historyVersions: bigint): Generator<bigint> {
	for (let back = historyVersions; back > 0n; back /= 2n) if (back < now) yield now - back;
}

/** Returns the state of a cache with the changes that led to it. */
export function stateOf<T extends ClusterObject>(
	cache: ObjectCache<T>,
	history: readonly Change<T>[],
	base: bigint,
): StoreState<T> {
	return { objects: cache.objects(), head: cache.head, history, base };
}

/**
 * Replays the versions after `exactVersion`. Undefined where they take too long.
 * @throws UpstreamError; 410 where they are compacted or expired
 */
async function replay<T extends ClusterObject>(
	now: ObjectList<T>,
	exactVersion: bigint,
	{ upstream, kind, clock, timings, observer, signal }: InitialSyncOptions<T>,
): Promise<SyncedCache<T> | undefined> {
	const { pageSize, replayTimeoutMs, replayQuietMs, maxLineBytes } = timings;
	const newest = byKey(now);
	const complete = new AbortController();
	const early: WatchEvent[] = [];
	let take = (event: WatchEvent): boolean => early.push(event) === 0;
	// Opened before the past is listed: where it is refused, which shows at once, no list is read.
	const lived = followWatch(upstream, clock, {
		fromVersion: exactVersion,
		timeoutMs: replayTimeoutMs,
		cutAfterMs: replayTimeoutMs,
		maxLineBytes,
		signal,
		leave: complete.signal,
		onOpen() {},
		onEvent: (event) => take(event),
	});
	let quiet: Timer | undefined;
	try {
		const listed = listAll({
			upstream,
			kind,
			pageSize,
			exactVersion,
			known: (ref) => newest.get(keyOf(ref)),
			signal: AbortSignal.any([signal, complete.signal]),
		});
		const past = await Promise.race([listed, lived.then(() => listed)]);
		observer.listed("past", kind.plural);
		const cache = createObjectCache(kind, past, clock);
		const missing = differences(byKey(past), newest);
		const history: Change<T>[] = [];
		/**
		 * Waits until nothing more comes: when each name is as it was listed, a VM that came and went
		 * may still follow. It does so at once: the API server sends all of the past in one go.
		 */
		const awaitQuiet = () => {
			quiet?.cancel();
			if (missing.size === 0) quiet = clock.setTimer(replayQuietMs, () => complete.abort());
		};
		take = (event) => {
			history.push(...cache.apply(event));
			if (event.type !== "BOOKMARK") settle(missing, { cache, newest, ref: event.raw.metadata });
			awaitQuiet();
			return cache.head >= now.version;
		};
		awaitQuiet();
		if (early.some(take)) complete.abort();
		await lived;
		if (missing.size > 0 && cache.head < now.version) return undefined;
		cache.pass(now.version);
		return { cache, state: stateOf(cache, history, past.version) };
	} finally {
		quiet?.cancel();
		lived.catch(() => {});
		complete.abort();
	}
}

function byKey<T extends ClusterObject>({ items }: ObjectList<T>): Map<string, CachedObject<T>> {
	return new Map(items.map((item) => [keyOf(item.object), item]));
}

/** Returns the names whose objects differ, each with its later object. */
function differences<T extends ClusterObject>(
	past: ReadonlyMap<string, CachedObject<T>>,
	now: ReadonlyMap<string, CachedObject<T>>,
): Map<string, CachedObject<T> | undefined> {
	const missing = new Map<string, CachedObject<T> | undefined>();
	for (const [key, item] of now)
		if (past.get(key)?.version !== item.version) missing.set(key, item);
	for (const key of past.keys()) if (!now.has(key)) missing.set(key, undefined);
	return missing;
}

/** Removes a name from `missing` once its object is as it was listed, or puts it back. */
function settle<T extends ClusterObject>(
	missing: Map<string, CachedObject<T> | undefined>,
	at: { cache: ObjectCache<T>; newest: ReadonlyMap<string, CachedObject<T>>; ref: ObjectRef },
): void {
	const key = keyOf(at.ref);
	const wanted = at.newest.get(key);
	if (at.cache.get(at.ref)?.version === wanted?.version) missing.delete(key);
	else missing.set(key, wanted);
}
