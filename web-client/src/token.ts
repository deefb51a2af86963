import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock, Timer } from "./live/environment.ts";
import type { Renewal } from "./live/follow.ts";
import { onAbort } from "./on-abort.ts";

/** Why a token is asked for. */
export interface TokenRequest {
	/** The service has refused the token in use, or is about to: get a new one. Otherwise one at hand will do. */
	readonly refresh: boolean;
	/** Aborted when the client is closed. */
	readonly signal: AbortSignal;
}

/**
 * The caller's token, sent as `authorization: Bearer …`, or where to get it; undefined or empty: call without.
 * The function is called for each call and stream, so it keeps what it has; calls for a new one
 * that come at one time are one call. A call waits for it within its own deadline.
 *
 * @example
 * token: async ({ refresh }) => (refresh ? await session.renew() : session.token)
 */
export type TokenSource =
	| string
	| ((request: TokenRequest) => Promise<string | undefined> | string | undefined);

/** The tokens of one client. Whoever waits for one waits no longer than it wants to: see `within`. */
export interface Tokens extends Renewal {
	get(patience: Patience): Promise<string | undefined>;
	/** The same, for a stream: `renew` and `hasChanged` mean the newest one's. */
	getForStream(patience: Patience): Promise<string | undefined>;
	/**
	 * Asks for another token than the newest stream's, which is good until `expireMs`: once for each such
	 * time, whoever asks. Never rejects. @returns false where there is none
	 */
	renewAhead(expireMs: number): Promise<boolean>;
	/** @returns another token than the one that was refused, or that one again */
	refresh(refused: string | undefined, patience: Patience): Promise<string | undefined>;
}

/** @param signal aborted when the client is closed */
export function createTokens(source: TokenSource, clock: Clock, signal: AbortSignal): Tokens {
	/** For who shares a new token, and for a stream that was refused. */
	const ofAll: Patience = { signal, timeoutMs: 15_000 };
	const ask = (refresh: boolean, patience = ofAll) => {
		const answer = async () => (typeof source === "string" ? source : source({ refresh, signal }));
		return within(answer(), clock, patience);
	};
	let refreshing: Promise<string | undefined> | undefined;
	let ofStream: string | undefined;
	let ahead: { readonly expireMs: number; readonly isOther: Promise<boolean> } | undefined;

	const refresh = async (refused: string | undefined, patience = ofAll) => {
		const atHand = await ask(false, patience);
		if (atHand !== refused) return atHand;
		refreshing ??= ask(true).finally(() => {
			refreshing = undefined;
		});
		return within(refreshing, clock, patience);
	};
	const isOther = (next: Promise<string | undefined>, than = ofStream) =>
		next.then(
			(token) => token !== than,
			() => false,
		);

	return {
		get: (patience) => ask(false, patience),
		getForStream: async (patience) => (ofStream = await ask(false, patience)),
		refresh,
		renew: () => isOther(refresh(ofStream)),
		renewAhead(expireMs) {
			// Streams by one token are told one time, so that it is replaced once for all of them.
			if (ahead === undefined || expireMs > ahead.expireMs) {
				ahead = { expireMs, isOther: isOther(refresh(ofStream)) };
			}
			return ahead.isOther;
		},
		hasChanged: () => isOther(ask(false)),
	};
}

/** How long somebody waits. */
export interface Patience {
	readonly signal: AbortSignal | undefined;
	/** In milliseconds; 0 or undefined: as long as it takes. */
	readonly timeoutMs: number | undefined;
}

/**
 * Waits for `work`, but no longer than whoever wants it.
 *
 * @throws ConnectError DEADLINE_EXCEEDED after `timeoutMs`, CANCELED when `signal` aborts
 */
function within<T>(work: Promise<T>, clock: Clock, { signal, timeoutMs }: Patience): Promise<T> {
	let timer: Timer | undefined;
	let letGo = () => {};
	const promise = new Promise<T>((resolve, reject) => {
		const fail = (code: Code) => () => reject(new ConnectError("no token came in time", code));
		if (timeoutMs) timer = clock.setTimer(timeoutMs, fail(Code.DeadlineExceeded));
		letGo = onAbort(signal, fail(Code.Canceled));
		work.then(resolve, reject);
	});
	return promise.finally(() => {
		timer?.cancel();
		letGo();
	});
}
