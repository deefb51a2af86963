import type { BackoffOptions } from "./backoff.ts";
import type { FreshnessOptions } from "./freshness.ts";

/** Timings of the list and watch loop. */
export interface ReflectorTimings extends FreshnessOptions {
	/** Objects per page of a list. Default 500. */
	readonly pageSize: number;
	/**
	 * Distance into the past at the start, in versions of the whole cluster; 0: none. Default 10,000.
	 */
	readonly historyVersions: bigint;
	/** Silence after which the past counts as complete, in milliseconds. Default 250. */
	readonly replayQuietMs: number;
	/** Time for the start in the past before it is given up, in milliseconds. Default 5,000. */
	readonly replayTimeoutMs: number;
	/**
	 * The shortest time after which the API server is to end a watch, in milliseconds. Default
	 * 30,000.
	 */
	readonly minWatchMs: number;
	/** The longest one, in milliseconds. Default 60,000. */
	readonly maxWatchMs: number;
	/**
	 * The time for the first watch after a failure, in milliseconds: short, so that its end
	 * proves soon that all is well. Default 5,000.
	 */
	readonly trialWatchMs: number;
	/** A watch that outlives its time by this is cut, in milliseconds. Default 10,000. */
	readonly stallGraceMs: number;
	/** A watch that ends sooner, without an event, proves nothing, in milliseconds. Default 1,000. */
	readonly hastyEndMs: number;
	/** The longest line of a watch, in bytes. Default 8 MiB. */
	readonly maxLineBytes: number;
	/**
	 * Shortest time between two requests for the version after watches without events, in
	 * milliseconds. Default 60,000.
	 */
	readonly versionCheckMs: number;
	/**
	 * Time that a token ahead of the cache waits for the watch before another one is opened for it, and a
	 * list is read where that does not bring it either, in milliseconds. Default 250.
	 */
	readonly refreshAfterMs: number;
	/**
	 * Time between two looks whether the cluster serves a kind that it need not serve, and shows it to
	 * us, while it does not, in milliseconds. Default 30,000.
	 */
	readonly recheckMs: number;
	readonly backoff: BackoffOptions;
}

/** The timings as shipped. */
export const defaultReflectorTimings: ReflectorTimings = {
	pageSize: 500,
	historyVersions: 10_000n,
	replayQuietMs: 250,
	replayTimeoutMs: 5_000,
	minWatchMs: 30_000,
	maxWatchMs: 60_000,
	trialWatchMs: 5_000,
	stallGraceMs: 10_000,
	hastyEndMs: 1_000,
	maxLineBytes: 8 * 1024 * 1024,
	versionCheckMs: 60_000,
	refreshAfterMs: 250,
	staleAfterMs: 75_000,
	failingAfterMs: 10_000,
	recheckMs: 30_000,
	backoff: { minMs: 100, maxMs: 30_000, healthyMs: 60_000 },
};

/**
 * Picks the time of a watch at random, so that the watches of many replicas do not end together.
 * @returns whole seconds, in milliseconds
 */
export function randomWatchMs(timings: ReflectorTimings, random: () => number): number {
	const spanMs = timings.maxWatchMs - timings.minWatchMs;
	return Math.round((timings.minWatchMs + random() * spanMs) / 1_000) * 1_000;
}
