import { createHash } from "node:crypto";
import type { Clock } from "./clock.ts";

/** Bounds how often something happens, for each of many keys. */
export interface Rates {
	/**
	 * Takes one.
	 * @returns time after which one is there, in milliseconds; 0: it is taken
	 */
	take(key: string): number;
	/** Gives one back that was taken: it counts no more. */
	giveBack(key: string): void;
	/** Keys that are remembered. */
	readonly size: number;
}

/** How often something may happen. */
export interface Rate {
	/** In the long run; above 0. */
	readonly perSecond: number;
	/** At once; at least 1. */
	readonly burst: number;
}

/** Keys that are remembered, unless said otherwise: some 3 MiB. */
const defaultMaxKeys = 10_000;
/** Longest key that is kept as it is, in characters. */
const maxKeyLength = 128;
/** Keys that are looked at to find one that can be forgotten. */
const maxLooks = 8;

/** A bucket of tokens as one number, as the generic cell rate algorithm has it (ITU-T I.371, annex A). */
interface Bucket {
	/** Time at which it is full again, on the monotonic clock. */
	fullAtMs: number;
	/** It was asked for since it was last looked at. */
	isUsed: boolean;
}

/**
 * Creates the rates. Who has taken nothing lately is forgotten. Where there are more keys than are kept,
 * those go that were not asked for longest: a caller gets rid of its own debt sooner by waiting than by
 * the calls of ten thousand others.
 */
export function createRates(
	{ perSecond, burst }: Rate,
	options: { readonly clock: Pick<Clock, "monotonicMs">; readonly maxKeys?: number },
): Rates {
	const { clock, maxKeys = defaultMaxKeys } = options;
	const costMs = 1_000 / perSecond;
	const maxDebtMs = burst * costMs;
	const buckets = new Map<string, Bucket>();

	const makeRoom = (nowMs: number) => {
		let looks = 0;
		for (const [key, bucket] of buckets) {
			const isKept = bucket.fullAtMs > nowMs && bucket.isUsed && ++looks < maxLooks;
			buckets.delete(key);
			if (!isKept) return;
			bucket.isUsed = false;
			buckets.set(key, bucket);
		}
	};
	const add = (key: string, nowMs: number): Bucket => {
		if (buckets.size >= maxKeys) makeRoom(nowMs);
		const bucket = { fullAtMs: nowMs, isUsed: false };
		buckets.set(key, bucket);
		return bucket;
	};

	return {
		take(given) {
			const key = shortKey(given);
			const nowMs = clock.monotonicMs();
			const bucket = buckets.get(key) ?? add(key, nowMs);
			bucket.isUsed = true;
			const fullAtMs = Math.max(bucket.fullAtMs, nowMs) + costMs;
			const lackingMs = fullAtMs - nowMs - maxDebtMs;
			// Sums of fractions do not come out even.
			if (lackingMs > 1e-6) return lackingMs;
			bucket.fullAtMs = fullAtMs;
			return 0;
		},
		giveBack(given) {
			const bucket = buckets.get(shortKey(given));
			if (bucket !== undefined) bucket.fullAtMs -= costMs;
		},
		get size() {
			return buckets.size;
		},
	};
}

/** Names may be long, and as many as callers like. */
function shortKey(key: string): string {
	return key.length <= maxKeyLength ? key : createHash("sha256").update(key).digest("base64url");
}

/**
 * Returns the key of an address: of IPv6 the first 64 bits, which one site has all to itself (RFC 6177).
 * @param address in its one form: the shortest spelling, without zone
 */
export function addressKey(address: string): string {
	if (!address.includes(":")) return address;
	const [head = "", tail] = address.split("::");
	const groups = head === "" ? [] : head.split(":");
	if (tail !== undefined) {
		const rest = tail === "" ? [] : tail.split(":");
		// An IPv4 part stands for two groups.
		const restLength = rest.length + (tail.includes(".") ? 1 : 0);
		while (groups.length < 8 - restLength) groups.push("0");
		groups.push(...rest);
	}
	return `${groups.slice(0, 4).join(":")}::/64`;
}
