import type { Clock } from "../../clock.ts";
import { keyOf, type WukongRef } from "../../resource/wukong-ref.ts";
import type { Change, SourceState } from "../source.ts";
import type { Held } from "./held.ts";
import { type Listing, readListing } from "./listing.ts";
import { createMirror, type Mirror } from "./mirror.ts";
import type { ReflectorTimings } from "./reflector-timings.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamObserver } from "./upstream-observer.ts";
import { followWatch } from "./watch-session.ts";

/** What a replica starts with. */
export interface FirstPicture {
	readonly mirror: Mirror;
	readonly state: SourceState;
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
	const { pageSize } = timings;
	const now = await readListing(upstream, { pageSize, signal });
	observer.listed("start");
	const withHistory = await replay(now, options).catch(() => undefined);
	signal.throwIfAborted();
	if (withHistory !== undefined) return withHistory;
	const mirror = createMirror(now, clock);
	return { mirror, state: stateOf(mirror, [], now.version) };
}

/** The state of a picture with the changes that led to it. */
export function stateOf(mirror: Mirror, history: readonly Change[], base: bigint): SourceState {
	return { objects: mirror.objects(), head: mirror.head, history, base };
}

/**
 * Lives the last versions again. Fails, or finds nothing, where they are compacted, expired or
 * take too long.
 */
async function replay(
	now: Listing,
	{ upstream, clock, timings, observer, signal }: FirstPictureOptions,
): Promise<FirstPicture | undefined> {
	const { pageSize, historyVersions, replayTimeoutMs, maxLineBytes } = timings;
	const exactVersion = now.version - historyVersions;
	if (historyVersions === 0n || exactVersion <= 0n) return undefined;
	const past = await readListing(upstream, { pageSize, exactVersion, signal });
	observer.listed("past");
	const mirror = createMirror(past, clock);
	const missing = differences(past, now);
	const history: Change[] = [];
	if (missing.size > 0) {
		await followWatch(upstream, clock, {
			fromVersion: past.version,
			timeoutMs: replayTimeoutMs,
			cutAfterMs: replayTimeoutMs,
			maxLineBytes,
			signal,
			onOpen() {},
			onEvent(event) {
				history.push(...mirror.apply(event));
				if (event.type !== "BOOKMARK") settle(missing, mirror, event.raw.metadata);
				return missing.size === 0 || mirror.head >= now.version;
			},
		});
		if (missing.size > 0 && mirror.head < now.version) return undefined;
	}
	mirror.pass(now.version);
	return { mirror, state: stateOf(mirror, history, past.version) };
}

/** What is under each name that the two do not have alike, in the later one. */
function differences(past: Listing, now: Listing): Map<string, Held | undefined> {
	const before = new Map(past.items.map((held) => [keyOf(held.object), held]));
	const missing = new Map<string, Held | undefined>();
	for (const held of now.items) {
		const key = keyOf(held.object);
		if (before.get(key)?.version !== held.version) missing.set(key, held);
		before.delete(key);
	}
	for (const key of before.keys()) missing.set(key, undefined);
	return missing;
}

/** Strikes off a name that has become as it is to be. */
function settle(missing: Map<string, Held | undefined>, mirror: Mirror, ref: WukongRef): void {
	const key = keyOf(ref);
	if (mirror.get(ref)?.version === missing.get(key)?.version) missing.delete(key);
}
