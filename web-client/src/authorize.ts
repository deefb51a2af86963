/**
 * What clients with a token load: see `authorize-lazily.ts`.
 *
 * @module
 */
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import type { Authorization, AuthorizationOptions } from "./authorization.ts";
import { handOver } from "./live/hand-over.ts";
import { createTokens } from "./token.ts";

/**
 * Wraps a transport: puts the caller's token on each call, and makes a call with one answer once more
 * when another token is to be had.
 */
export function authorize(
	transport: Transport,
	{ token: source, clock, random, signal: closed, defaultTimeoutMs }: AuthorizationOptions,
): Authorization {
	const tokens = createTokens(source, clock, closed);
	return {
		renewal: tokens,
		handOver: (open) => handOver(open, { clock, random, renewAhead: tokens.renewAhead }),
		async unary(method, signal, timeoutMs = defaultTimeoutMs, header, input, values) {
			const endMs = clock.nowMs() + (timeoutMs ?? 0);
			// The deadline is one for the token, the call and its repetition.
			const leftMs = () => timeoutMs && Math.max(1, endMs - clock.nowMs());
			const call = (token: string | undefined) =>
				transport.unary(method, signal, leftMs(), withToken(header, token), input, values);
			const token = await tokens.get({ signal, timeoutMs });
			try {
				return await call(token);
			} catch (error) {
				const isRefused = error instanceof ConnectError && error.code === Code.Unauthenticated;
				if (!isRefused) throw error;
				const next = await tokens
					.refresh(token, { signal, timeoutMs: leftMs() })
					.catch(() => token);
				if (next === token || signal?.aborted === true) throw error;
				return call(next);
			}
		},
		async stream(method, signal, timeoutMs, header, input, values) {
			const headers = withToken(header, await tokens.getForStream({ signal, timeoutMs }));
			return transport.stream(method, signal, timeoutMs, headers, input, values);
		},
	};
}

function withToken(init: HeadersInit | undefined, token: string | undefined) {
	const headers = new Headers(init);
	// A storage that has none gives null or an empty text.
	if (!token) return headers;
	try {
		headers.set("authorization", `Bearer ${token}`);
	} catch {
		// The engine's own error has the token in it.
		throw new ConnectError("no header can carry the token", Code.Unauthenticated);
	}
	return headers;
}
