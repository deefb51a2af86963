import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { isLocal, isTypeError } from "./errors.ts";
import type { Clock } from "./live/environment.ts";
import type { Tokens } from "./token.ts";

/** What the client adds to a transport. */
export interface TransportAdditions {
	/** The transport's own fetch tells failures before the answer from those in it. */
	readonly tellsUnreached: boolean;
	/** Puts a token on each call; absent: none is sent. */
	readonly tokens: Tokens | undefined;
	readonly clock: Clock;
	/** Deadline of a call that has none of its own, in milliseconds; undefined: the transport's. */
	readonly defaultTimeoutMs: number | undefined;
}

/**
 * Wraps a transport: puts the caller's token on each call, makes a call with one answer once more
 * when another token is to be had, and tells a broken connection from what the caller did and from
 * what the service said, whatever carries the calls. Errors that already say it pass as they are.
 */
export function createTellingTransport(
	transport: Transport,
	{ tellsUnreached, tokens, clock, defaultTimeoutMs }: TransportAdditions,
): Transport {
	return {
		async unary(method, signal, timeoutMs = defaultTimeoutMs, header, input, values) {
			const endMs = clock.nowMs() + (timeoutMs ?? 0);
			// The deadline is one for the token, the call and its repetition.
			const leftMs = () => timeoutMs && Math.max(1, endMs - clock.nowMs());
			const call = (token: string | undefined) =>
				transport
					.unary(method, signal, leftMs(), withToken(header, token), input, values)
					.catch(tell(signal, tellsUnreached));
			const token = await tokens?.get({ signal, timeoutMs });
			try {
				return await call(token);
			} catch (error) {
				const isRefused = error instanceof ConnectError && error.code === Code.Unauthenticated;
				if (tokens === undefined || !isRefused) throw error;
				const next = await tokens
					.refresh(token, { signal, timeoutMs: leftMs() })
					.catch(() => token);
				if (next === token || signal?.aborted === true) throw error;
				return call(next);
			}
		},
		async stream(method, signal, timeoutMs, header, input, values) {
			const headers = withToken(header, await tokens?.getForStream({ signal, timeoutMs }));
			const response = await transport
				.stream(method, signal, timeoutMs, headers, input, values)
				.catch(tell(signal, false));
			return {
				...response,
				message: {
					[Symbol.asyncIterator]() {
						const messages = response.message[Symbol.asyncIterator]();
						return { next: () => messages.next().catch(tell(signal, true)) };
					},
				},
			};
		},
	};
}

function withToken(init: HeadersInit | undefined, token: string | undefined) {
	const headers = new Headers(init);
	if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
	return headers;
}

/** @param hasBegun the head of an answer had come */
function tell(signal: AbortSignal | undefined, hasBegun: boolean): (reason: unknown) => never {
	return (reason) => {
		const error = ConnectError.from(reason);
		// connect-node tells the loss of an HTTP/2 connection as if the caller had cancelled.
		const isLost = error.code === Code.Canceled && signal?.aborted !== true;
		// Fetch tells a network error by a TypeError, before the answer and in it.
		const isNetwork = error.code === Code.Unknown && isTypeError(error);
		if (!isLocal(error) || !(isLost || isNetwork)) throw error;
		const code = hasBegun || isLost ? Code.Aborted : Code.Unavailable;
		throw new ConnectError(error.rawMessage, code, undefined, undefined, error.cause ?? error);
	};
}
