import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

const watchedMs = 1_000;

/**
 * Watches the machine for a second in which the benchmark itself does nothing.
 * @returns share of all its cores that was busy all the same, from 0 to 1
 */
export async function measureOtherWork(): Promise<number> {
	const before = times();
	await delay(watchedMs);
	const after = times();
	const totalMs = after.totalMs - before.totalMs;
	return totalMs > 0 ? 1 - (after.idleMs - before.idleMs) / totalMs : 0;
}

function times(): { idleMs: number; totalMs: number } {
	let idleMs = 0;
	let totalMs = 0;
	for (const core of cpus()) {
		idleMs += core.times.idle;
		for (const spentMs of Object.values(core.times)) totalMs += spentMs;
	}
	return { idleMs, totalMs };
}
