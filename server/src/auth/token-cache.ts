import { hash } from "node:crypto";
import type { Principal } from "../caller.ts";
import type { Clock } from "../clock.ts";

/** Finds out whose a token is. @returns undefined: it is not of this kind */
export type VerifyToken = (token: string) => Promise<Principal | undefined>;

/** Remembers whose tokens are, so that each is verified once, not at each call. */
export interface TokenCache {
	/** Returns whose a token is: at once where that is known. @throws what `verify` does */
	get(token: string): Principal | Promise<Principal | undefined>;
}

/** Memory for what is known of tokens, in bytes, about. */
const maxBytes = 8 * 1_024 * 1_024;
/** Bytes of an entry beside its names. */
const entryBytes = 400;

interface Entry {
	readonly principal: Principal;
	/** On the wall clock. */
	readonly untilMs: number;
	readonly bytes: number;
}

/**
 * Creates the cache. It holds SHA-256 of tokens, never these, and only of good ones: what was not
 * shown for longest goes first. Calls that show one token while it is verified wait for the same answer.
 * @param options.maxAgeMs time after which a good token is verified again
 */
export function createTokenCache(options: {
	readonly verify: VerifyToken;
	readonly maxAgeMs: number;
	readonly clock: Pick<Clock, "nowMs">;
}): TokenCache {
	const { verify, maxAgeMs, clock } = options;
	const known = new Map<string, Entry>();
	const pending = new Map<string, Promise<Principal | undefined>>();
	let bytes = 0;

	const forget = (digest: string, entry: Entry) => {
		known.delete(digest);
		bytes -= entry.bytes;
	};
	const remember = (digest: string, principal: Principal) => {
		const { name, groups, expireTimeMs = Number.POSITIVE_INFINITY } = principal;
		const untilMs = Math.min(expireTimeMs, clock.nowMs() + maxAgeMs);
		const entry = { principal, untilMs, bytes: bytesOf(name, groups) };
		known.set(digest, entry);
		bytes += entry.bytes;
		for (const [oldest, old] of known) {
			if (bytes <= maxBytes) break;
			forget(oldest, old);
		}
	};
	const ask = async (token: string, digest: string) => {
		try {
			const principal = await verify(token);
			if (principal !== undefined) remember(digest, principal);
			return principal;
		} finally {
			pending.delete(digest);
		}
	};

	return {
		get(token) {
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
			const asked = pending.get(digest) ?? ask(token, digest);
			pending.set(digest, asked);
			return asked;
		},
	};
}

function bytesOf(name: string, groups: readonly string[]): number {
	return groups.reduce((sum, group) => sum + 2 * group.length + 16, entryBytes + 2 * name.length);
}
