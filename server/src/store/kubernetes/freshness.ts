import type { Clock } from "../../clock.ts";
import type { Freshness } from "../change-feed.ts";
import { type Trouble, troubleWords } from "./upstream-observer.ts";

/** Silences after which the data counts as old. */
export interface FreshnessOptions {
	/** Silence of this length makes the cache stale, in milliseconds. Default 75,000. */
	readonly staleAfterMs: number;
	/** Failure of this length does, too, in milliseconds. Default 10,000. */
	readonly failingAfterMs: number;
}

/** Tracks when the API server last proved that the cache is current. */
export interface FreshnessTracker {
	/** An event, a bookmark, a clean end of a watch, or a list has come. */
	proven(): void;
	/** A list or a watch failed. */
	failed(trouble: Trouble): void;
	/**
	 * A watch is open; that does not prove that the cache is current, but that the cluster is reached and
	 * lets us watch.
	 */
	connected(): void;
	freshness(): Freshness;
}

/** Creates a tracker that counts from now on. */
export function createFreshnessTracker(
	{ staleAfterMs, failingAfterMs }: FreshnessOptions,
	clock: Clock,
): FreshnessTracker {
	let provenAtMs = clock.monotonicMs();
	let failingSinceMs: number | undefined;
	let trouble: Trouble | undefined;
	return {
		proven() {
			provenAtMs = clock.monotonicMs();
			failingSinceMs = undefined;
			trouble = undefined;
		},
		failed(why) {
			failingSinceMs ??= clock.monotonicMs();
			trouble = why;
		},
		connected() {
			failingSinceMs = undefined;
			// What is sent over it may make no sense all the same.
			if (trouble !== "failing") trouble = undefined;
		},
		freshness() {
			const nowMs = clock.monotonicMs();
			const lagMs = nowMs - provenAtMs;
			const failingMs = failingSinceMs === undefined ? 0 : nowMs - failingSinceMs;
			const stale = lagMs > staleAfterMs || failingMs > failingAfterMs;
			const staleSinceMs = stale ? Math.round(clock.nowMs() - lagMs) : undefined;
			return { lagMs, staleSinceMs, trouble: trouble && troubleWords[trouble] };
		},
	};
}
