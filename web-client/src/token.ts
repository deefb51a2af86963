import type { Renewal } from "./live/follow.ts";

/** Why a token is asked for. */
export interface TokenRequest {
	/** The service has refused the token in use: get a new one. Otherwise one at hand will do. */
	readonly refresh: boolean;
	/** Aborted when the client is closed. */
	readonly signal: AbortSignal;
}

/**
 * The caller's token, sent as `authorization: Bearer …`, or where to get it; undefined: call without.
 * The function is called for each call and stream, so it keeps what it has; calls for a new one
 * that come at one time are one call.
 *
 * @example
 * token: async ({ refresh }) => (refresh ? await session.renew() : session.token)
 */
export type TokenSource =
	| string
	| ((request: TokenRequest) => Promise<string | undefined> | string | undefined);

/** The tokens of one client. */
export interface Tokens extends Renewal {
	get(): Promise<string | undefined>;
	/** The same, for a stream: `renew` and `hasChanged` mean the newest one's. */
	getForStream(): Promise<string | undefined>;
	/** @returns another token than the one that was refused, or that one again */
	refresh(refused: string | undefined): Promise<string | undefined>;
}

export function createTokens(source: TokenSource, signal: AbortSignal): Tokens {
	const ask = async (refresh: boolean) =>
		typeof source === "string" ? source : source({ refresh, signal });
	let refreshing: Promise<string | undefined> | undefined;
	let ofStream: string | undefined;

	const refresh = async (refused: string | undefined): Promise<string | undefined> => {
		const atHand = await ask(false);
		if (atHand !== refused) return atHand;
		refreshing ??= ask(true).finally(() => {
			refreshing = undefined;
		});
		return refreshing;
	};

	const isOther = (next: Promise<string | undefined>) =>
		next.then(
			(token) => token !== ofStream,
			() => false,
		);

	return {
		get: () => ask(false),
		getForStream: async () => (ofStream = await ask(false)),
		refresh,
		renew: () => isOther(refresh(ofStream)),
		hasChanged: () => isOther(ask(false)),
	};
}
