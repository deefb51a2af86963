import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock, Timer } from "./live/environment.ts";
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
