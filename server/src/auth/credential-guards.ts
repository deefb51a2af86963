import type { Principal } from "../caller.ts";
import type { Clock, Timer } from "../clock.ts";
import type { Failure } from "../failure.ts";
import type { StreamGuard } from "../watch/stream-guard.ts";
import { expired } from "./failures.ts";

/**
 * Ends what is open by a credential once that is good no more. Principals are told apart as objects:
 * an authenticator that revokes gives the same one to each call that shows a credential.
 */
export interface CredentialGuards {
	/** Returns the guard of a stream or a wait: TOKEN_EXPIRED at the principal's time. */
	guardOf(principal: Principal): StreamGuard;
	/**
	 * Ends all that is open by a principal, and what is about to open: between the call's start and its
	 * stream's, rights may have been asked for. Repeating it changes nothing.
	 */
	end(principal: Principal, failure: Failure): void;
}

/** Longest time between two looks at the clock, which may step, in milliseconds. */
const maxLookIntervalMs = 60_000;

/** What is open by one principal. */
interface Open {
	readonly callbacks: Set<(failure: Failure) => void>;
	timer: Timer | undefined;
}

/** Creates the guards. They hold what is open, and one timer for each principal of it. */
export function createCredentialGuards(clock: Clock): CredentialGuards {
	const open = new Map<Principal, Open>();
	const ended = new WeakMap<Principal, Failure>();

	const end = (principal: Principal, failure: Failure) => {
		if (ended.has(principal)) return;
		ended.set(principal, failure);
		const entry = open.get(principal);
		open.delete(principal);
		entry?.timer?.cancel();
		for (const callback of entry?.callbacks ?? []) callback(failure);
	};
	/** Sets the timer until the next look; a principal whose time is over is ended. */
	const look = (principal: Principal): Timer | undefined => {
		if (principal.expireTimeMs === undefined) return undefined;
		const leftMs = principal.expireTimeMs - clock.nowMs();
		if (leftMs > 0) {
			return clock.setTimer(Math.min(leftMs, maxLookIntervalMs), () => {
				const entry = open.get(principal);
				if (entry !== undefined) entry.timer = look(principal);
			});
		}
		end(principal, expired());
		return undefined;
	};
	const join = (principal: Principal, callback: (failure: Failure) => void): Open => {
		let entry = open.get(principal);
		if (entry === undefined) {
			entry = { callbacks: new Set(), timer: undefined };
			open.set(principal, entry);
			entry.callbacks.add(callback);
			entry.timer = look(principal);
		} else entry.callbacks.add(callback);
		return entry;
	};

	return {
		guardOf: (principal) => ({
			expireTimeMs: principal.expireTimeMs,
			onEnd(callback) {
				const failure = ended.get(principal);
				if (failure !== undefined) {
					callback(failure);
					return () => {};
				}
				// A function of its own: the same one may be given twice.
				const own = (failure: Failure) => callback(failure);
				const entry = join(principal, own);
				return () => {
					entry.callbacks.delete(own);
					if (entry.callbacks.size > 0 || open.get(principal) !== entry) return;
					open.delete(principal);
					entry.timer?.cancel();
				};
			},
		}),
		end,
	};
}
