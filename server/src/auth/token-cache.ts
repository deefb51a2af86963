import { hash } from "node:crypto";
import type { Principal } from "../caller.ts";
import type { Clock } from "../clock.ts";
import { ErrorReason, isFailure } from "../failure.ts";
import { addressKey, type Rates } from "../rates.ts";
import { tooManyFailures } from "./failures.ts";

/** Finds out whose a token is. @returns undefined: it is not of this kind */
export type VerifyToken = (token: string) => Promise<Principal | undefined>;

/** Remembers whose tokens are, so that each is verified once, not at each call. */
export interface TokenCache {
	/**
	 * Returns whose a token is: at once where that is known.
	 * @param address of the caller
	 * @throws what `verify` does; TOO_MANY_REQUESTS where it would have to be asked, and too many that the
	 * address has shown were nobody's
	 */
	get(token: string, address: string): Principal | undefined | Promise<Principal | undefined>;
}

/** Memory for what is known of tokens, in bytes, about. */
const maxBytes = 8 * 1_024 * 1_024;
/** Bytes of an entry beside its names. */
const entryBytes = 400;
/** Refused tokens that are remembered, where any are; the oldest goes first. Some 200 bytes each. */
const maxRefused = 10_000;

interface Entry {
	readonly principal: Principal;
	/** On the wall clock. */
	readonly untilMs: number;
	readonly bytes: number;
}

/**
 * Creates the cache. It holds SHA-256 of tokens, never these: of good ones what was not shown for longest
 * goes first. Calls that show one token while it is verified wait for the same answer.
 * @param options.failures bounds how often each address has a token verified in vain. Default: nothing does
 * @param options.maxAgeMs time after which a good token is verified again
 * @param options.refusedMs time for which a token of no known kind is not looked at again. Default: 0
 */
export function createTokenCache(options: {
	readonly verify: VerifyToken;
	readonly maxAgeMs: number;
	readonly refusedMs?: number;
	readonly failures?: Rates | undefined;
	readonly clock: Pick<Clock, "nowMs">;
}): TokenCache {
	const { verify, maxAgeMs, refusedMs = 0, failures, clock } = options;
	const known = new Map<string, Entry>();
	const pending = new Map<string, Promise<Principal | undefined>>();
	/** Time until which a token is refused, the oldest first. Apart: made-up tokens push out no good one. */
	const refused = new Map<string, number>();
	let bytes = 0;

	const refuse = (digest: string) => {
		if (refusedMs === 0) return;
		refused.delete(digest);
		refused.set(digest, clock.nowMs() + refusedMs);
		const [oldest] = refused.keys();
		if (refused.size > maxRefused && oldest !== undefined) refused.delete(oldest);
	};
	const forget = (digest: string, entry: Entry) => {
		known.delete(digest);
		bytes -= entry.bytes;
	};
	const remember = (digest: string, principal: Principal) => {
		const { expireTimeMs = Number.POSITIVE_INFINITY } = principal;
		const untilMs = Math.min(expireTimeMs, clock.nowMs() + maxAgeMs);
		const entry = { principal, untilMs, bytes: bytesOf(principal) };
		known.set(digest, entry);
		bytes += entry.bytes;
		for (const [oldest, old] of known) {
			if (bytes <= maxBytes) break;
			forget(oldest, old);
		}
	};
	const ask = async (token: string, digest: string, payer: string) => {
		try {
			const principal = await verify(token);
			if (principal === undefined) refuse(digest);
			else {
				failures?.giveBack(payer);
				remember(digest, principal);
			}
			return principal;
		} catch (error) {
			// Whoever cannot tell has not said that it is nobody's.
			if (isFailure(error, ErrorReason.UPSTREAM_UNAVAILABLE)) failures?.giveBack(payer);
			throw error;
		} finally {
			pending.delete(digest);
		}
	};

	return {
		get(token, address) {
			const digest = hash("sha256", token, "base64");
			const entry = known.get(digest);
			if (entry !== undefined) {
				known.delete(digest);
				if (entry.untilMs > clock.nowMs()) {
					known.set(digest, entry);
					return entry.principal;
				}
				bytes -= entry.bytes;
			}
			const refusedUntilMs = refused.get(digest);
			if (refusedUntilMs !== undefined) {
				if (refusedUntilMs > clock.nowMs()) return undefined;
				refused.delete(digest);
			}
			const underWay = pending.get(digest);
			if (underWay !== undefined) return underWay;
			const payer = addressKey(address);
			const waitMs = failures?.take(payer) ?? 0;
			if (waitMs > 0) throw tooManyFailures(waitMs);
			const asked = ask(token, digest, payer);
			pending.set(digest, asked);
			return asked;
		},
	};
}

function bytesOf({ name, groups, extra = {} }: Principal): number {
	const texts = [...groups, ...Object.entries(extra).flat(2)];
	return texts.reduce((sum, text) => sum + 2 * text.length + 16, entryBytes + 2 * name.length);
}
