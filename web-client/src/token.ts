import { Code, ConnectError, type Transport } from "@connectrpc/connect";
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
	/** Puts the token on each call; a call with one answer that is refused is made once more with a new one. */
	wrap(transport: Transport): Transport;
}

export function createTokens(source: TokenSource, signal: AbortSignal): Tokens {
	const ask = async (refresh: boolean) =>
		typeof source === "string" ? source : await source({ refresh, signal });
	let refreshing: Promise<string | undefined> | undefined;
	/** Of the newest stream. */
	let streamToken: string | undefined;

	/** @returns another token than the one that was refused, or that one again */
	const refresh = async (refused: string | undefined) => {
		const atHand = await ask(false);
		if (atHand !== refused) return atHand;
		refreshing ??= ask(true).finally(() => {
			refreshing = undefined;
		});
		return refreshing;
	};
	const withToken = (init: HeadersInit | undefined, token: string | undefined) => {
		const headers = new Headers(init);
		if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
		return headers;
	};

	return {
		wrap: (transport) => ({
			async unary(method, callSignal, timeoutMs, header, input, values) {
				const call = (token: string | undefined) =>
					transport.unary(method, callSignal, timeoutMs, withToken(header, token), input, values);
				const token = await ask(false);
				try {
					return await call(token);
				} catch (error) {
					if (!isRefused(error)) throw error;
					const next = await refresh(token).catch(() => token);
					if (next === token || callSignal?.aborted === true) throw error;
					return call(next);
				}
			},
			async stream(method, callSignal, timeoutMs, header, input, values) {
				streamToken = await ask(false);
				const headers = withToken(header, streamToken);
				return transport.stream(method, callSignal, timeoutMs, headers, input, values);
			},
		}),
		async renew() {
			const refused = streamToken;
			return (await refresh(refused)) !== refused;
		},
		async hasChanged() {
			return (await ask(false)) !== streamToken;
		},
	};
}

function isRefused(error: unknown): boolean {
	return error instanceof ConnectError && error.code === Code.Unauthenticated;
}
