import { Code, ConnectError } from "@connectrpc/connect";
import { isRetryable, reasonOf, retryAfterMs } from "./errors.ts";
import { createBackoff, defaultBackoff } from "./live/backoff.ts";
import type { Environment } from "./live/environment.ts";
import { createPause } from "./live/pause.ts";
import { onAbort } from "./on-abort.ts";

/** Which failures a call may be repeated after. */
export type RetryRule = (error: unknown) => boolean;

/** The call changes nothing, or the service knows it again: whatever may be tried again is. */
export const repeatable: RetryRule = isRetryable;

/** The service says of itself that it did nothing, and when to try again. */
export const surelyUndone: RetryRule = (error) =>
	reasonOf(error) !== undefined && retryAfterMs(error) !== undefined;

/** How to repeat a call. */
export interface RetryOptions {
	readonly environment: Environment;
	/** Tries in all, the first one included. */
	readonly attempts: number;
	readonly rule: RetryRule;
	readonly signal?: AbortSignal | undefined;
}

/** Makes a call, and again where the rule allows it, with a random and growing wait between. */
export async function withRetry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
	const { environment, attempts, rule, signal } = options;
	const backoff = createBackoff(environment.random, defaultBackoff);
	for (let attempt = 1; ; attempt++) {
		try {
			return await call();
		} catch (error) {
			if (attempt >= attempts || signal?.aborted || !rule(error)) throw error;
			const pause = createPause(environment.clock);
			const letGo = onAbort(signal, pause.stop);
			await pause.wait(backoff.next(retryAfterMs(error)));
			letGo();
			if (signal?.aborted) throw new ConnectError("the caller has left", Code.Canceled);
		}
	}
}
