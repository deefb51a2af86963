import { setTimeout as pause } from "node:timers/promises";

/** Time between two looks, in milliseconds. */
const intervalMs = 50;

/**
 * Asks until the answer is yes.
 * @param ask counts as no while it fails, as an API server does that is not up yet
 * @param ceilingMs generous, because it only bounds a failing run; default 120 s
 * @throws naming `what` where the answer stayed no, with the last failure as cause.
 */
export async function poll(
	what: string,
	ask: () => Promise<boolean>,
	ceilingMs = 120_000,
): Promise<void> {
	const endMs = performance.now() + ceilingMs;
	let cause: unknown;
	while (performance.now() < endMs) {
		try {
			if (await ask()) return;
		} catch (error) {
			cause = error;
		}
		await pause(intervalMs);
	}
	throw new Error(`gave up waiting until ${what}`, { cause });
}
