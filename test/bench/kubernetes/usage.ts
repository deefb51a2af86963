/** What a process has taken. */
export interface Usage {
	/** Memory that the system has given it. */
	readonly rssBytes: number;
	/** What its objects and buffers take, those included that are not collected yet. */
	readonly heapBytes: number;
	/** CPU time since its start, all threads. */
	readonly cpuMs: number;
}

/**
 * What can be asked: the usage now; that after a garbage collection; to note the highest from now
 * on; the highest since then, with the CPU time of now.
 */
export type Question = "now" | "settled" | "seek peak" | "peak";
