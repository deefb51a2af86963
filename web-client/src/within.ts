import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "./live/environment.ts";
import { onAbort } from "./on-abort.ts";

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
export function within<T>(
	work: Promise<T>,
	clock: Clock,
	{ signal, timeoutMs }: Patience,
): Promise<T> {
	const { promise, resolve, reject } = Promise.withResolvers<T>();
	const fail = (code: Code) => () => reject(new ConnectError("no token came in time", code));
	const timer = timeoutMs ? clock.setTimer(timeoutMs, fail(Code.DeadlineExceeded)) : undefined;
	const letGo = onAbort(signal, fail(Code.Canceled));
	work.then(resolve, reject);
	return promise.finally(() => {
		timer?.cancel();
		letGo();
	});
}
