/** One figure that a case gives. */
export interface Measure {
	/** Key of the figure in an `Outcome`. */
	readonly id: string;
	/** Column text of the scoreboard. */
	readonly title: string;
	readonly unit: "per second" | "ms" | "KiB";
	readonly better: "more" | "less";
}

/** What one window of work came to: a figure for each measure, by its id. */
export type Outcome = Readonly<Record<string, number>>;

/** Work by the clock and by the CPU time of the server's process. */
export const rates: readonly Measure[] = [
	{ id: "clock", title: "by the clock", unit: "per second", better: "more" },
	{ id: "cpu", title: "per CPU second", unit: "per second", better: "more" },
];

/** How long one thing takes. */
export const times: readonly Measure[] = [
	{ id: "clock", title: "by the clock", unit: "ms", better: "less" },
	{ id: "cpu", title: "CPU time", unit: "ms", better: "less" },
];

/** What one open stream holds. */
export const memories: readonly Measure[] = [
	{ id: "rss", title: "resident memory", unit: "KiB", better: "less" },
	{ id: "heap", title: "heap and buffers", unit: "KiB", better: "less" },
];

/** How long one caller can hold up all others. */
export const turns: readonly Measure[] = [
	{ id: "turn", title: "longest turn of the event loop", unit: "ms", better: "less" },
];

/** How long callers wait. */
export const latencies: readonly Measure[] = [
	{ id: "p50", title: "median", unit: "ms", better: "less" },
	{ id: "p99", title: "99th percentile", unit: "ms", better: "less" },
	{ id: "changes", title: "changes", unit: "per second", better: "more" },
];
