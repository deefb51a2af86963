import type { Clock, Timer } from "../../clock.ts";
import { keyOf, type WukongRef } from "../../resource/object.ts";
import type { Change, StoreState } from "../store.ts";
import type { Held } from "./cached-object.ts";
import { type Listing, readListing } from "./list-pager.ts";
import { createMirror, type Mirror } from "./object-cache.ts";
import type { ReflectorTimings } from "./reflector-timings.ts";
import type { Upstream } from "./upstream.ts";
import { refusalCode } from "./upstream-error.ts";
import type { UpstreamObserver } from "./upstream-observer.ts";
import type { WatchEvent } from "./watch-events.ts";
import { followWatch } from "./watch-session.ts";

/** What a replica starts with. */
export interface FirstPicture {
	readonly mirror: Mirror;
	readonly state: StoreState;
}

export interface FirstPictureOptions {
	readonly upstream: Upstream;
	readonly clock: Clock;
	readonly timings: ReflectorTimings;
	readonly observer: Pick<UpstreamObserver, "listed">;
	readonly signal: AbortSignal;
}

/**
 * The newest state, with true history before it where the API server still has it: the state
 * as it was some versions ago, and a watch from there. @throws UpstreamError
 */
export async function takeFirstPicture(options: FirstPictureOptions): Promise<FirstPicture> {
	const { upstream, clock, timings, observer, signal } = options;
	const { pageSize, historyVersions } = timings;
	const now = await readListing(upstream, { pageSize, signal });
	observer.listed("start");
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
	const mirror = createMirror(now, clock);
	return { mirror, state: stateOf(mirror, [], now.version) };
}

/** Where to start, the farthest first; each is half as far back as the one before. */
function* pastVersions(now: bigint, historyVersions: bigint): Generator<bigint> {
	for (let back = historyVersions; back > 0n; back /= 2n) if (back < now) yield now - back;
}

/** The state of a picture with the changes that led to it. */
export function stateOf(mirror: Mirror, history: readonly Change[], base: bigint): StoreState {
	return { objects: mirror.objects(), head: mirror.head, history, base };
}

/**
 * Lives the versions after `exactVersion` again. Undefined where they take too long.
 * @throws UpstreamError; 410 where they are compacted or expired
 */
async function replay(
	now: Listing,
	exactVersion: bigint,
	{ upstream, clock, timings, observer, signal }: FirstPictureOptions,
): Promise<FirstPicture | undefined> {
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
		const listed = readListing(upstream, {
			pageSize,
			exactVersion,
			known: (ref) => newest.get(keyOf(ref)),
			signal: AbortSignal.any([signal, complete.signal]),
		});
		const past = await Promise.race([listed, lived.then(() => listed)]);
		observer.listed("past");
		const mirror = createMirror(past, clock);
		const missing = differences(byKey(past), newest);
		const history: Change[] = [];
		/**
		 * When each name is as it was listed, a VM may still be to come that came and went. It
		 * follows at once: the API server sends all of the past in one go.
		 */
		const awaitQuiet = () => {
			quiet?.cancel();
			if (missing.size === 0) quiet = clock.setTimer(replayQuietMs, () => complete.abort());
		};
		take = (event) => {
			history.push(...mirror.apply(event));
			if (event.type !== "BOOKMARK") settle(missing, { mirror, newest, ref: event.raw.metadata });
			awaitQuiet();
			return mirror.head >= now.version;
		};
		awaitQuiet();
		if (early.some(take)) complete.abort();
		await lived;
		if (missing.size > 0 && mirror.head < now.version) return undefined;
		mirror.pass(now.version);
		return { mirror, state: stateOf(mirror, history, past.version) };
	} finally {
		quiet?.cancel();
		lived.catch(() => {});
		complete.abort();
	}
}

function byKey({ items }: Listing): Map<string, Held> {
	return new Map(items.map((held) => [keyOf(held.object), held]));
}

/** What is under each name that the two do not have alike, in the later one. */
function differences(
	past: ReadonlyMap<string, Held>,
	now: ReadonlyMap<string, Held>,
): Map<string, Held | undefined> {
	const missing = new Map<string, Held | undefined>();
	for (const [key, held] of now)
		if (past.get(key)?.version !== held.version) missing.set(key, held);
	for (const key of past.keys()) if (!now.has(key)) missing.set(key, undefined);
	return missing;
}

/** Notes whether a name is, by now, as it was listed. */
function settle(
	missing: Map<string, Held | undefined>,
	at: { mirror: Mirror; newest: ReadonlyMap<string, Held>; ref: WukongRef },
): void {
	const key = keyOf(at.ref);
	const wanted = at.newest.get(key);
	if (at.mirror.get(at.ref)?.version === wanted?.version) missing.delete(key);
	else missing.set(key, wanted);
}
