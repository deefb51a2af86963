import type { Clock } from "../../clock.ts";

/** Resolves after `delayMs`. @throws the signal's reason, at once when it aborts */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal.aborted) return reject(signal.reason);
		const onAbort = () => {
			timer.cancel();
			reject(signal.reason);
		};
		const timer = clock.setTimer(delayMs, () => {
			signal.removeEventListener("abort", onAbort);
			resolve();
		});
		signal.addEventListener("abort", onAbort, { once: true });
	});
}
