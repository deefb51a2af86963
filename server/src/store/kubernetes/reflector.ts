import type { Clock } from "../../clock.ts";
import type { Failure } from "../../failure.ts";
import type { Change, Freshness, Sink } from "../change-feed.ts";
import type { Upstream } from "./api.ts";
import { createBackoff, sleep } from "./backoff.ts";
import { createFreshnessTracker } from "./freshness.ts";
import { type SyncedCache, stateOf, syncInitially } from "./initial-sync.ts";
import { listAll } from "./list-pager.ts";
import { createObjectCache, type ObjectList } from "./object-cache.ts";
import { createProgressRequester } from "./progress-requester.ts";
import { createReadAhead } from "./read-ahead.ts";
import { type ReflectorTimings, randomWatchMs } from "./reflector-timings.ts";
import type { ClusterObject, ResourceKind } from "./resource-kind.ts";
import { refusalCode, retryAfterOf, UpstreamError } from "./upstream-error.ts";
import { type ListCause, troubleOf, type UpstreamObserver } from "./upstream-observer.ts";
import { followWatch, type WatchEvent } from "./watch-session.ts";

/** What a reflector works with. */
export interface ReflectorOptions<T extends ClusterObject> {
	readonly upstream: Upstream;
	readonly kind: ResourceKind<T>;
	readonly sink: Sink<T>;
	readonly clock: Clock;
	/** Random number from 0 to below 1. */
	readonly random: () => number;
	readonly timings: ReflectorTimings;
	readonly observer: UpstreamObserver;
	/** Called after the sink. Everything up to `head` is in. */
	readonly onPassed: (changes: readonly Change<T>[], head: bigint) => void;
	/**
	 * Checks whether it is no use to try again after an error; `ended` tells it then. Default: it
	 * never is.
	 * @param failures how often in a row nothing has come but such failures, from 1
	 */
	readonly givesUp?: (error: unknown, failures: number) => boolean;
}

/**
 * Lists and watches one kind: keeps a sink as the API server is. The one such loop of a replica and
 * kind.
 */
export interface Reflector {
	/**
	 * Loads the sink, however long it takes. @throws the reason given to `close`, what it gave up for
	 */
	start(): Promise<void>;
	/** Rejects with what it gave up for, or with the reason given to `close`. Needs `start`. */
	ended(): Promise<never>;
	freshness(): Freshness;
	/**
	 * Gets everything up to `version` into the sink, which the API server is known to have
	 * reached, without waiting for a bookmark. Returns at once, tries once.
	 */
	refresh(version: bigint): void;
	/** Ends all work. @param reason what a `start` under way fails with */
	close(reason: Failure): Promise<void>;
}

/** Does one thing and returns what to do next. */
type Step = () => Promise<Step>;

/** Counts how often in a row the watch broke, and at which version. */
interface Breaks {
	readonly version: bigint;
	readonly count: number;
}

/** Number of lists in a row, older than the cache, from which the store counts as restored. */
const olderListsMeanRestored = 3;

/** Number of breaks of a watch at one version after which a list is read instead. */
const maxBreaksAtOneVersion = 3;

/** Creates a reflector of one kind; `start` begins its work. */
export function createReflector<T extends ClusterObject>(options: ReflectorOptions<T>): Reflector {
	const { upstream, kind, sink, clock, random, timings, observer } = options;
	const { pageSize } = timings;
	const closing = new AbortController();
	const { signal } = closing;
	const freshness = createFreshnessTracker(timings, clock);
	const backoff = createBackoff(timings.backoff, clock, random);
	let running: Promise<never> | undefined;
	let failures = 0;
	let troubled = false;
	let versionCheckedMs = clock.monotonicMs();
	let cache = createObjectCache<T>(kind, { version: 0n, items: [] }, clock);

	const proven = () => {
		freshness.proven();
		failures = 0;
		if (troubled) observer.recovered(kind.plural);
		troubled = false;
	};

	/**
	 * Reports a failure and waits until another try makes sense. @throws the closing reason, the error
	 * where none does
	 */
	const recover = async (error: unknown) => {
		signal.throwIfAborted();
		failures++;
		if (options.givesUp?.(error, failures) === true) throw error;
		const trouble = troubleOf(error);
		freshness.failed(trouble);
		troubled = true;
		observer.troubled(trouble, error, kind.plural);
		await sleep(clock, backoff.nextMs(retryAfterOf(error)), signal);
	};

	const load = (next: SyncedCache<T>) => {
		cache = next.cache;
		// What was ahead in another life of the store means nothing in this one.
		progress.reset();
		sink.load(next.state);
		options.onPassed([], cache.head);
		proven();
	};

	/** Sends the sink what came into the cache. @param gapAfter the version before a relist */
	const tell = (changes: readonly Change<T>[], gapAfter?: bigint) => {
		if (changes.length > 0) sink.append(changes);
		else sink.advance(cache.head, 0, gapAfter);
		options.onPassed(changes, cache.head);
	};

	const relisted = (list: ObjectList<T>) => {
		const before = cache.head;
		tell(cache.replace(list), before);
	};

	const starting = async (): Promise<Step> => {
		for (;;) {
			try {
				load(await syncInitially({ upstream, kind, clock, timings, observer, signal }));
				return watching();
			} catch (error) {
				await recover(error);
			}
		}
	};

	/** Follows the watch, again and again, from the last version that was read whole. */
	const watching =
		(breaks?: Breaks): Step =>
		async () => {
			try {
				const { hasty, silent } = await watch();
				observer.watchEnded("clean", kind.plural);
				if (silent && hasty) await sleep(clock, backoff.nextMs(), signal);
				else proven();
				return silent && isCheckDue() ? checking() : watching();
			} catch (error) {
				signal.throwIfAborted();
				const expired = refusalCode(error) === 410;
				observer.watchEnded(expired ? "expired" : "failed", kind.plural);
				if (!expired) {
					await recover(error);
					return afterBreak(error, breaks);
				}
				await sleep(clock, backoff.nextMs(), signal);
				return listing("expired");
			}
		};

	/**
	 * Chooses what follows a broken watch. An event that cannot be read again and again is passed
	 * with a list.
	 */
	const afterBreak = (error: unknown, before: Breaks | undefined): Step => {
		const problem = error instanceof UpstreamError ? error.problem.kind : undefined;
		if (problem === "oversized") return listing("unreadable");
		if (problem !== "garbled") return checking(before);
		const version = cache.head;
		const count = before?.version === version ? before.count + 1 : 1;
		return count < maxBreaksAtOneVersion ? checking({ version, count }) : listing("unreadable");
	};

	/**
	 * Asks whether the store went back before it watches on: after a failure, and now and then
	 * where the watch sent nothing. A watch from a version that a restored store has not reached
	 * again is silent, and then leaves out all that was written up to there.
	 */
	const checking =
		(breaks?: Breaks): Step =>
		async () => {
			try {
				versionCheckedMs = clock.monotonicMs();
				const request = { limit: 1, continueToken: "", exactVersion: undefined, signal };
				const { version } = await upstream.list(request);
				return version < cache.head ? listing("older") : watching(breaks);
			} catch (error) {
				await recover(error);
				return checking(breaks);
			}
		};

	const isCheckDue = () => clock.monotonicMs() - versionCheckedMs >= timings.versionCheckMs;

	/** Reads a list, which has what the watch could not bring. */
	const listing =
		(cause: ListCause, olderBefore = 0): Step =>
		async () => {
			try {
				// A restored store gives versions out a second time: nothing of ours is known to be its.
				const known = cause === "older" ? undefined : cache.get;
				const list = await listAll({ upstream, kind, pageSize, known, signal });
				observer.listed(cause, kind.plural);
				if (list.version >= cache.head) {
					if (list.version > cache.head) relisted(list);
					proven();
					return watching();
				}
				if (olderBefore + 1 < olderListsMeanRestored) {
					// A follower that lags behind must not take the cache back: ask again.
					await sleep(clock, backoff.nextMs(), signal);
					return listing("older", olderBefore + 1);
				}
				const next = createObjectCache(kind, list, clock);
				load({ cache: next, state: stateOf(next, [], next.head) });
				return watching();
			} catch (error) {
				await recover(error);
				return listing(cause, olderBefore);
			}
		};

	const take = (event: WatchEvent) => {
		const before = cache.head;
		const changes = cache.apply(event);
		if (cache.head > before) tell(changes);
		proven();
	};

	const watch = async () => {
		const startMs = clock.monotonicMs();
		const timeoutMs = troubled ? timings.trialWatchMs : randomWatchMs(timings, random);
		let silent = true;
		await followWatch(upstream, clock, {
			fromVersion: cache.head,
			timeoutMs,
			cutAfterMs: timeoutMs + timings.stallGraceMs,
			maxLineBytes: timings.maxLineBytes,
			signal,
			onOpen() {
				observer.watchOpened(kind.plural);
				freshness.connected();
				// What comes next is no refusal in a row.
				failures = 0;
			},
			onEvent(event) {
				silent = false;
				take(event);
				return false;
			},
		});
		return { hasty: clock.monotonicMs() - startMs < timings.hastyEndMs, silent };
	};

	const progress = createProgressRequester({
		head: () => cache.head,
		readAhead: createReadAhead({
			...{ upstream, kind, clock, timings, observer, signal, take },
			cache: () => cache,
			takeList(list) {
				relisted(list);
				proven();
			},
		}),
		onFailed(error) {
			// The next sign that the cache is current ends it.
			troubled = true;
			observer.troubled(troubleOf(error), error, kind.plural);
		},
		refreshAfterMs: timings.refreshAfterMs,
		clock,
		signal,
	});

	return {
		freshness: freshness.freshness,
		async start() {
			const first = starting();
			running = first.then(async (step): Promise<never> => {
				for (let next = step; ; ) next = await next();
			});
			running.catch(() => {});
			await first;
		},
		ended: () => running ?? new Promise(() => {}),
		refresh: progress.request,
		async close(reason) {
			closing.abort(reason);
			await Promise.allSettled([running, progress.closed()]);
		},
	};
}
