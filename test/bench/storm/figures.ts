import { quantile } from "../report/statistics.ts";

/** How many passed, and how long they took at the median and at the 99th percentile. */
export function passedWords(updateMs: readonly number[]): string {
	const at = (part: number) => `${quantile(updateMs, part).toFixed(0)} ms`;
	return `${updateMs.length}, ${at(0.5)}, ${at(0.99)}`;
}

/** Bytes in MiB. */
export function mib(bytes: number): string {
	return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
